// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension NetlinkSocket {
  /// `ip link add … mtu … type …`; answers whether there was no interface of this name.
  @discardableResult
  package func addLink(_ name: String, kind: String, mtu: UInt32) throws(NetlinkError) -> Bool {
    var request = Self.linkMessage(UInt16(RTM_NEWLINK), NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, index: 0)
    request.attribute(IFLA_IFNAME, Array(name.utf8) + [0])
    request.attribute(IFLA_MTU, mtu)
    request.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, Array(kind.utf8) + [0]) }
    return try answer(to: request, "make the interface \(name) (\(kind))", unless: [EEXIST]) != nil
  }

  /// Brings an interface up.
  package func bringUp(_ index: UInt32) throws(NetlinkError) {
    let up = UInt32(IFF_UP)
    let request = Self.linkMessage(UInt16(RTM_NEWLINK), NLM_F_ACK, index: index, flags: up, mask: up)
    try answer(to: request, "bring the interface with index \(index) up")
  }

  /// Removes an interface; one that is gone is no error.
  package func removeLink(_ index: UInt32) throws(NetlinkError) {
    let request = Self.linkMessage(UInt16(RTM_DELLINK), NLM_F_ACK, index: index)
    _ = try answer(to: request, "remove the interface with index \(index)", unless: [ENODEV])
  }

  /// All interfaces of a kind; what changes meanwhile may be missing.
  package func links(ofKind kind: String) throws(NetlinkError) -> [Link] {
    var request = Self.linkMessage(UInt16(RTM_GETLINK), NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    // Kernels since 4.6 list only these; others list all.
    request.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, Array(kind.utf8) + [0]) }
    return try dump(request, "list the interfaces of kind \(kind)").parts.map { Link($0) }.filter { $0.kind == kind }
  }

  /// The number by which this namespace knows the one that a descriptor is open on; nil if it does not.
  package func number(ofNamespace descriptor: Int32) throws(NetlinkError) -> Int32? {
    var request = NetlinkMessage(type: UInt16(RTM_GETNSID))
    // struct rtgenmsg, padded
    request.append(UInt32(AF_UNSPEC))
    request.attribute(NETNSA_FD, descriptor)
    let reply = try answer(to: request, "find the number of a network namespace")
    return reply.attributes(after: 4)[Int(NETNSA_NSID)]?.integer(Int32.self, at: 0).flatMap { $0 < 0 ? nil : $0 }
  }
}
