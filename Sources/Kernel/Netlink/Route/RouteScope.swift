// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// The scope of an address or of a route's destination (`RT_SCOPE_…`, linux/rtnetlink.h).
package struct RouteScope: RawRepresentable, Equatable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let universe = RouteScope(rawValue: UInt8(RT_SCOPE_UNIVERSE.rawValue))
  package static let site = RouteScope(rawValue: UInt8(RT_SCOPE_SITE.rawValue))
  package static let link = RouteScope(rawValue: UInt8(RT_SCOPE_LINK.rawValue))
  package static let host = RouteScope(rawValue: UInt8(RT_SCOPE_HOST.rawValue))
  package static let nowhere = RouteScope(rawValue: UInt8(RT_SCOPE_NOWHERE.rawValue))
}

/// The numbers of the kernel's own routing tables.
package enum RouteTable {
  package static let main = UInt32(RT_TABLE_MAIN.rawValue)
  package static let local = UInt32(RT_TABLE_LOCAL.rawValue)
}

/// The type of a route: what happens to packets to its destination (`RTN_…`, linux/rtnetlink.h).
package struct RouteType: RawRepresentable, Equatable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let unicast = RouteType(rawValue: UInt8(RTN_UNICAST))
  package static let local = RouteType(rawValue: UInt8(RTN_LOCAL))
  package static let broadcast = RouteType(rawValue: UInt8(RTN_BROADCAST))
  package static let multicast = RouteType(rawValue: UInt8(RTN_MULTICAST))
  package static let blackhole = RouteType(rawValue: UInt8(RTN_BLACKHOLE))
  package static let unreachable = RouteType(rawValue: UInt8(RTN_UNREACHABLE))
  package static let prohibit = RouteType(rawValue: UInt8(RTN_PROHIBIT))
}
