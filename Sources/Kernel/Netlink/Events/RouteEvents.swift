// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// What changes in a network namespace, as the kernel tells those who listen (rtnetlink(7), multicast groups).
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

  /// Listens in the thread's network namespace from now on: what is asked afterwards by another socket cannot change unnoticed.
  package static func subscribe(_ groups: [Group]) throws(NetlinkError) -> RouteEvents {
    let netlink = try NetlinkSocket.open(.route)
    try netlink.subscribe(groups.map(\.number))
    return RouteEvents(netlink: netlink)
  }

  /// Waits until a condition holds, which is asked at once and whenever something about the interface changed; returns false if it
  /// does not hold after so many milliseconds.
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

  /// Whether what came in is about an interface. Events that were lost may have been.
  private func hasNews(about interface: UInt32) throws(NetlinkError) -> Bool {
    do throws(NetlinkError) {
      // In struct ifinfomsg and struct ifaddrmsg the index is at the same place.
      return try netlink.receiveEvents().contains { $0.payload.integer(UInt32.self, at: 4) == interface }
    } catch {
      if error.number == ENOBUFS { return true }
      throw error
    }
  }
}

extension RouteSocket {
  /// Waits, in a thread of the socket's namespace, until a bridge forwards frames from and to one of its ports, which takes a moment after it came up; returns false if it
  /// does not after so many milliseconds, or if the interface is no port.
  package func waitUntilForwarding(_ port: UInt32, milliseconds: Int) throws(NetlinkError) -> Bool {
    let events = try RouteEvents.subscribe([.links])
    return try events.wait(milliseconds, about: port) { () throws(NetlinkError) in
      BridgePort(try link(port))?.isForwarding ?? false
    }
  }

  /// Waits, in a thread of the socket's namespace, until the kernel has looked for duplicates of all IPv6 addresses of an interface, and returns those that somebody else
  /// has; nil if it has not after so many milliseconds.
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
