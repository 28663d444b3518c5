// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension RouteSocket {
  /// Removes an interface, if it exists.
  package func removeLink(_ index: UInt32) throws(NetlinkError) {
    let request = NetlinkMessage(link: RTM_DELLINK, NLM_F_ACK, index: index)
    _ = try netlink.execute(request, "remove the interface with index \(index)", unless: [ENODEV])
  }

  /// Removes interfaces, as far as they exist. They are put into one group and removed together, because each removal waits for RCU
  /// grace periods, tens of milliseconds.
  package func removeLinks(_ indexes: [UInt32]) throws(NetlinkError) {
    guard indexes.count > 1 else {
      if let index = indexes.first { try removeLink(index) }
      return
    }
    let group = try unusedGroup()
    let moves = indexes.map { index in
      var request = NetlinkMessage(link: RTM_SETLINK, NLM_F_ACK, index: index)
      request.attribute(IFLA_GROUP, group)
      return request
    }
    for reply in try netlink.executeAll(moves) {
      if let failure = reply.failure("group interfaces to remove them"), failure.number != ENODEV { throw failure }
    }
    var removal = NetlinkMessage(link: RTM_DELLINK, NLM_F_ACK, index: 0)
    removal.attribute(IFLA_GROUP, group)
    _ = try netlink.execute(removal, "remove \(indexes.count) interfaces", unless: [ENODEV])
  }

  /// A group number that no interface uses.
  private func unusedGroup() throws(NetlinkError) -> UInt32 {
    let used = try links(.last).map(\.attributes.group)
    var group = UInt32.random(in: 0x4000_0000...0x7fff_ffff)
    while used.contains(group) { group &+= 1 }
    return group
  }
}
