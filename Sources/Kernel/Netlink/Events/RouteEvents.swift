// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// Notifications about changes in a network namespace (rtnetlink(7), multicast groups).
package struct RouteEvents: ~Copyable {
  private let netlink: NetlinkSocket

  /// `RTNLGRP_…` (linux/rtnetlink.h).
  package struct Group: Sendable {
    fileprivate let number: Int32
    /// Links, and ports of bridges.
    package static let links = Group(number: Int32(RTNLGRP_LINK.rawValue))
    package static let ip4Addresses = Group(number: Int32(RTNLGRP_IPV4_IFADDR.rawValue))
    package static let ip6Addresses = Group(number: Int32(RTNLGRP_IPV6_IFADDR.rawValue))
  }

  /// Subscribes in the calling thread's network namespace. Subscribe before you read the state: a later change is then notified.
  package static func subscribe(_ groups: [Group]) throws(NetlinkError) -> RouteEvents {
    let netlink = try NetlinkSocket.open(.route)
    try netlink.subscribe(groups.map(\.number))
    return RouteEvents(netlink: netlink)
  }

  /// Waits until `condition` holds; it is evaluated at once and after each notification about the interface. Returns false if it does
  /// not hold within `milliseconds`.
  package func wait(
    _ milliseconds: Int, about interface: UInt32, until condition: () throws(NetlinkError) -> Bool
  ) throws(NetlinkError) -> Bool {
    let end = monotonicMilliseconds() + milliseconds
    while true {
      if try condition() { return true }
      repeat {
        let left = end - monotonicMilliseconds()
        if left <= 0 { return false }
        guard try netlink.isReadable(within: Int32(clamping: left)) else { return false }
      } while try !hasNews(about: interface)
    }
  }

  /// Whether a received notification is about the interface; true also if notifications were lost.
  private func hasNews(about interface: UInt32) throws(NetlinkError) -> Bool {
    do throws(NetlinkError) {
      // The index has the same offset in struct ifinfomsg and struct ifaddrmsg.
      return try netlink.receiveEvents().contains { $0.payload.integer(UInt32.self, at: 4) == interface }
    } catch {
      if error.number == ENOBUFS { return true }
      throw error
    }
  }
}

extension RouteSocket {
  /// Waits until a bridge forwards frames on one of its ports. Returns false if it does not within `milliseconds`, or if the interface
  /// is not a port. The calling thread must be in the socket's namespace.
  package func waitUntilForwarding(_ port: UInt32, milliseconds: Int) throws(NetlinkError) -> Bool {
    // Usually it does already, and a second socket costs as much as the look.
    if try isForwarding(port) { return true }
    let events = try RouteEvents.subscribe([.links])
    return try events.wait(milliseconds, about: port) { () throws(NetlinkError) in try isForwarding(port) }
  }

  private func isForwarding(_ port: UInt32) throws(NetlinkError) -> Bool {
    BridgePort(try link(port))?.isForwarding ?? false
  }

  /// Waits until duplicate address detection has ended for all IPv6 addresses of an interface, and returns those that it failed for; nil
  /// if it has not ended within `milliseconds`. The calling thread must be in the socket's namespace.
  package func waitForDAD(_ interface: UInt32, milliseconds: Int) throws(NetlinkError) -> [InterfaceAddress]? {
    let events = try RouteEvents.subscribe([.ip6Addresses])
    var failed: [InterfaceAddress] = []
    let isDone = try events.wait(milliseconds, about: interface) { () throws(NetlinkError) in
      let present = try addresses(of: interface, .ip6)
      failed = present.filter { $0.flags.contains(.dadFailed) }
      return present.allSatisfy { !$0.flags.contains(.tentative) || $0.flags.contains(.dadFailed) }
    }
    return isDone ? failed : nil
  }
}
