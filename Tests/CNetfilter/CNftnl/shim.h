// SPDX-License-Identifier: MIT
#pragma once
#include <linux/netlink.h>  // first, so that struct nlmsghdr is no incomplete type, which Swift imports as another

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/gen.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
