// SPDX-License-Identifier: MIT
#pragma once
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
