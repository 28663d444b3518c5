// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension RouteSocket {
  /// The interface with this name; throws `ENODEV` if there is none.
  package func link(named name: String) throws(NetlinkError) -> Link {
    guard let link = try linkIfAny(named: name) else { throw NetlinkError("look at interface \(name)", number: ENODEV) }
    return link
  }

  /// The interface with this name; nil if there is none.
  package func linkIfAny(named name: String) throws(NetlinkError) -> Link? {
    try netlink.execute(Self.look(named: name), "look at interface \(name)", unless: [ENODEV]).map { Link($0) }
  }

  /// The interfaces with these names, as far as they exist.
  package func links(named names: [String]) throws(NetlinkError) -> [Link] {
    var found: [Link] = []
    for (name, reply) in zip(names, try netlink.executeAll(names.map { Self.look(named: $0) })) {
      if let failure = reply.failure("look at interface \(name)") {
        if failure.number == ENODEV { continue }
        throw failure
      }
      found.append(Link(reply))
    }
    return found
  }

  /// The interface with this index; nil if there is none.
  package func linkIfAny(_ index: UInt32) throws(NetlinkError) -> Link? {
    do {
      return try link(index)
    } catch {
      if error.number == ENODEV { return nil }
      throw error
    }
  }

  /// The interface with this index; throws `ENODEV` if there is none.
  package func link(_ index: UInt32) throws(NetlinkError) -> Link {
    var request = NetlinkMessage(link: RTM_GETLINK, 0, index: index)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    return Link(try netlink.execute(request, "look at the interface with index \(index)"))
  }

  /// All interfaces.
  package func links(_ policy: DumpPolicy = .whole) throws(NetlinkError) -> [Link] {
    try links("list the interfaces", policy) { _ in
    } including: { _ in
      true
    }
  }

  /// All interfaces of a kind. Interfaces that come or go during the dump may be missing.
  package func links(ofKind kind: String) throws(NetlinkError) -> [Link] {
    try links("list the interfaces of kind \(kind)", .last) { request in
      request.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, Array(kind.utf8) + [0]) }
    } including: { link in
      link.kind == kind
    }
  }

  /// All ports of a bridge or another master. Ports that come or go during the dump may be missing.
  package func ports(of master: UInt32) throws(NetlinkError) -> [Link] {
    try links("list the ports of the interface with index \(master)", .last) { request in
      request.attribute(IFLA_MASTER, master)
    } including: { link in
      link.master == master
    }
  }

  /// Lists interfaces by a filter, which kernels before 4.6 ignore: `isWanted` repeats it.
  private func links(
    _ action: String, _ policy: DumpPolicy, _ filter: (inout NetlinkMessage) -> Void, including isWanted: (Link) -> Bool
  ) throws(NetlinkError) -> [Link] {
    var request = NetlinkMessage(link: RTM_GETLINK, NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    filter(&request)
    return try netlink.dump(request, action, policy).compactMap { reply in
      let link = Link(reply)
      return isWanted(link) ? link : nil
    }
  }

  /// `RTM_GETLINK` by name, without counters.
  static func look(named name: String) -> NetlinkMessage {
    var request = NetlinkMessage(link: RTM_GETLINK, 0, index: 0)
    request.attribute(IFLA_IFNAME, text: name)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    return request
  }
}

extension RouteSocket {
  /// The name of the interface with this index.
  package func linkName(_ index: UInt32) throws(NetlinkError) -> String {
    // if_indextoname uses an ioctl, which does not take the rtnl lock as RTM_GETLINK does.
    var found = false
    let name = unsafe [UInt8].filled(Int(IF_NAMESIZE)) { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      let text = unsafe base.assumingMemoryBound(to: CChar.self)
      found = unsafe if_indextoname(index, text) != nil
      return unsafe found ? strnlen(text, buffer.count) : 0
    }
    guard found else { throw NetlinkError("find the name of interface \(index)", number: errno) }
    return String(decoding: name, as: UTF8.self)
  }

  /// The index of the interface with this name; nil if there is none.
  package static func linkIndex(named name: String) -> UInt32? {
    // if_nametoindex uses an ioctl, which does not take the rtnl lock as RTM_GETLINK does.
    let index = unsafe if_nametoindex(name)
    return index == 0 ? nil : index
  }

  /// This namespace's ID for the namespace of a descriptor; nil if it has none.
  package func netnsID(of descriptor: Int32) throws(NetlinkError) -> Int32? {
    var request = NetlinkMessage(type: UInt16(RTM_GETNSID))
    // struct rtgenmsg, padded
    request.append(UInt32(AF_UNSPEC))
    request.attribute(NETNSA_FD, descriptor)
    let reply = try netlink.execute(request, "read the ID of a network namespace")
    return reply.attributes(after: 4)[Int(NETNSA_NSID)]?.integer(Int32.self, at: 0).flatMap { $0 < 0 ? nil : $0 }
  }
}
