// SPDX-License-Identifier: MIT
#pragma once
#include <sha512.h>
