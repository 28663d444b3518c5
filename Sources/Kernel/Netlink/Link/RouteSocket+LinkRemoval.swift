// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension RouteSocket {
  /// Removes an interface; one that is gone is no error.
  package func removeLink(_ index: UInt32) throws(NetlinkError) {
    let request = NetlinkMessage(link: RTM_DELLINK, NLM_F_ACK, index: index)
    _ = try netlink.execute(request, "remove the interface with index \(index)", unless: [ENODEV])
  }

  /// Removes interfaces; those that are gone are no error. One after another each would take the kernel's grace periods, tens of
  /// milliseconds: interfaces of one group go together.
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

  /// The number of a group that no interface is in.
  private func unusedGroup() throws(NetlinkError) -> UInt32 {
    let used = try links(.last).map(\.attributes.group)
    var group = UInt32.random(in: 0x4000_0000...0x7fff_ffff)
    while used.contains(group) { group &+= 1 }
    return group
  }
}
