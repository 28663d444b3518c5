// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension RouteSocket {
  /// `ip link add … mtu … group … type …`; returns whether there was no interface of this name.
  @discardableResult
  package func addLink(_ name: String, kind: String, mtu: UInt32, group: UInt32 = 0) throws(NetlinkError) -> Bool {
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, index: 0)
    request.attribute(IFLA_IFNAME, Array(name.utf8) + [0])
    request.attribute(IFLA_MTU, mtu)
    if group != 0 { request.attribute(IFLA_GROUP, group) }
    request.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, Array(kind.utf8) + [0]) }
    return try netlink.execute(request, "make the interface \(name) (\(kind))", unless: [EEXIST]) != nil
  }

  /// Brings an interface up.
  package func bringUp(_ index: UInt32) throws(NetlinkError) {
    let up = UInt32(IFF_UP)
    let request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index, flags: up, mask: up)
    try netlink.execute(request, "bring the interface with index \(index) up")
  }

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
    var request = NetlinkMessage(link: RTM_GETLINK, NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    let used = try netlink.dump(request, "list the interfaces").map { Link($0).attributes.group }
    var group = UInt32.random(in: 0x4000_0000...0x7fff_ffff)
    while used.contains(group) { group &+= 1 }
    return group
  }

  /// Gives an interface one more name by which it is found (kernel 5.5 and later); returns false where another has the name, or the
  /// kernel has no such names.
  @discardableResult
  package func addAlternativeName(_ name: String, to index: UInt32) throws(NetlinkError) -> Bool {
    let request = Self.alternativeName(name, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, index)
    return try netlink.execute(request, "name the interface with index \(index)", unless: [EEXIST, EOPNOTSUPP]) != nil
  }

  /// Takes such a name away.
  package func removeAlternativeName(_ name: String, from index: UInt32) throws(NetlinkError) {
    let request = Self.alternativeName(name, RTM_DELLINKPROP, 0, index)
    _ = try netlink.execute(request, "take a name from the interface with index \(index)", unless: [ENOENT, ENODEV])
  }

  private static func alternativeName(
    _ name: String, _ type: Int, _ flags: Int32, _ index: UInt32
  ) -> NetlinkMessage {
    var request = NetlinkMessage(link: type, NLM_F_ACK | flags, index: index)
    request.nested(IFLA_PROP_LIST) { $0.attribute(IFLA_ALT_IFNAME, Array(name.utf8) + [0]) }
    return request
  }

  /// All interfaces of a kind; what changes all the time may be missing.
  package func links(ofKind kind: String) throws(NetlinkError) -> [Link] {
    var request = NetlinkMessage(link: RTM_GETLINK, NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    // Kernels since 4.6 list only these; others list all.
    request.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, Array(kind.utf8) + [0]) }
    return try netlink.dump(request, "list the interfaces of kind \(kind)", .last).compactMap { reply in
      let link = Link(reply)
      return link.kind == kind ? link : nil
    }
  }

  /// The number by which this namespace knows the one that a descriptor is open on; nil if it does not.
  package func number(ofNamespace descriptor: Int32) throws(NetlinkError) -> Int32? {
    var request = NetlinkMessage(type: UInt16(RTM_GETNSID))
    // struct rtgenmsg, padded
    request.append(UInt32(AF_UNSPEC))
    request.attribute(NETNSA_FD, descriptor)
    let reply = try netlink.execute(request, "find the number of a network namespace")
    return reply.attributes(after: 4)[Int(NETNSA_NSID)]?.integer(Int32.self, at: 0).flatMap { $0 < 0 ? nil : $0 }
  }
}
