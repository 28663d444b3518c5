// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

/// What can be set of a network interface.
package struct LinkAttributes: Equatable, Sendable {
  package var address: MACAddress?
  /// In bytes.
  package var mtu: UInt32?
  package var isPromiscuous: Bool?
  /// Whether it receives the packets of all groups.
  package var receivesAllMulticast: Bool?
  /// In packets.
  package var transmitQueueLength: UInt32?
  package var alias: String?
  package var group: UInt32?

  package init() {}

  package var isEmpty: Bool { self == LinkAttributes() }
}

/// A network interface as the kernel has it.
package struct Link: Equatable, Sendable {
  package let index: UInt32
  package let name: String
  /// What kind of driver made it, such as `veth`; empty for hardware and for `lo`.
  package let kind: String
  package let isUp: Bool
  /// All of them set, but for the address of an interface that has none.
  package let attributes: LinkAttributes
  /// The other end of a veth, or what a stacked interface stands on.
  package let peer: Peer?
  /// Other names by which it is found.
  package let alternativeNames: [String]
  /// The index of what it is a port of, such as a bridge; nil if it is none.
  package let master: UInt32?

  /// An interface of this namespace or of another one.
  package struct Peer: Equatable, Sendable {
    package let index: UInt32
    /// The number by which this namespace knows the other (`RTM_GETNSID`); nil if it is this one.
    package let namespace: Int32?

    package init(index: UInt32, namespace: Int32?) {
      self.index = index
      self.namespace = namespace
    }
  }

  /// The length of struct ifinfomsg: family, padding, type, index, flags, change.
  static let headerLength = 16

  init(_ reply: NetlinkReply) {
    let flags = reply.payload.integer(UInt32.self, at: 8) ?? 0
    let values = reply.attributes(after: Link.headerLength)
    func number(_ type: Int) -> UInt32? { values[type]?.integer(UInt32.self, at: 0) }
    index = reply.payload.integer(UInt32.self, at: 4) ?? 0
    name = values[Int(IFLA_IFNAME)]?.text ?? ""
    kind = values.nested(Int(IFLA_LINKINFO))[Int(IFLA_INFO_KIND)]?.text ?? ""
    isUp = flags & UInt32(IFF_UP) != 0
    var attributes = LinkAttributes()
    attributes.address = values[Int(IFLA_ADDRESS)].flatMap { MACAddress(bytes: Array($0)) }
    attributes.mtu = number(Int(IFLA_MTU))
    attributes.isPromiscuous = flags & UInt32(IFF_PROMISC) != 0
    attributes.receivesAllMulticast = flags & UInt32(IFF_ALLMULTI) != 0
    attributes.transmitQueueLength = number(Int(IFLA_TXQLEN))
    attributes.alias = values[Int(IFLA_IFALIAS)]?.text ?? ""
    attributes.group = number(Int(IFLA_GROUP)) ?? 0
    self.attributes = attributes
    master = number(Int(IFLA_MASTER))
    var names: [String] = []
    for property in AttributeList(values[Int(IFLA_PROP_LIST)] ?? []) where property.type == Int(IFLA_ALT_IFNAME) {
      names.append(property.value.text)
    }
    alternativeNames = names
    peer = number(Int(IFLA_LINK)).map { index in
      Peer(index: index, namespace: values[Int(IFLA_LINK_NETNSID)]?.integer(Int32.self, at: 0))
    }
  }
}

extension RouteSocket {
  /// The name of the interface with this index.
  package func linkName(_ index: UInt32) throws(NetlinkError) -> String {
    // if_indextoname asks by ioctl, which does not wait for the kernel's rtnl lock as RTM_GETLINK does.
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

  /// The names of all interfaces.
  package func linkNames() throws(NetlinkError) -> [String] {
    var request = NetlinkMessage(link: RTM_GETLINK, NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    return try netlink.dump(request, "list the interfaces").map { Link($0).name }
  }

  /// The interface with this name; throws `ENODEV` if there is none.
  package func link(named name: String) throws(NetlinkError) -> Link { Link(try linkReply(name)) }

  /// The same, but nil if there is none.
  package func linkIfAny(named name: String) throws(NetlinkError) -> Link? {
    try linkReplyIfAny(name).map { Link($0) }
  }

  /// The interface with this index; throws `ENODEV` if there is none.
  package func link(_ index: UInt32) throws(NetlinkError) -> Link {
    var request = NetlinkMessage(link: RTM_GETLINK, 0, index: index)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    return Link(try netlink.execute(request, "look at the interface with index \(index)"))
  }

  /// Sets what the attributes name, in one request: the kernel goes through it in an order of its own, and what it had
  /// done when it came to something it refuses stays.
  package func set(_ attributes: LinkAttributes, of index: UInt32) throws(NetlinkError) {
    var flags: UInt32 = 0
    var mask: UInt32 = 0
    for (value, flag) in [(attributes.isPromiscuous, IFF_PROMISC), (attributes.receivesAllMulticast, IFF_ALLMULTI)] {
      guard let value else { continue }
      mask |= UInt32(flag)
      if value { flags |= UInt32(flag) }
    }
    var request = NetlinkMessage(link: RTM_SETLINK, NLM_F_ACK, index: index, flags: flags, mask: mask)
    if let address = attributes.address { request.attribute(IFLA_ADDRESS, address.bytes) }
    if let mtu = attributes.mtu { request.attribute(IFLA_MTU, mtu) }
    if let length = attributes.transmitQueueLength { request.attribute(IFLA_TXQLEN, length) }
    if let alias = attributes.alias { request.attribute(IFLA_IFALIAS, Array(alias.utf8)) }
    if let group = attributes.group { request.attribute(IFLA_GROUP, group) }
    try netlink.execute(request, "change the interface with index \(index)")
  }

  /// All that the kernel says of an interface, but for its counters.
  func linkReply(_ name: String) throws(NetlinkError) -> NetlinkReply {
    guard let reply = try linkReplyIfAny(name) else {
      throw NetlinkError("look at interface \(name)", number: ENODEV)
    }
    return reply
  }

  /// The same, but nil if there is none.
  func linkReplyIfAny(_ name: String) throws(NetlinkError) -> NetlinkReply? {
    var request = NetlinkMessage(link: RTM_GETLINK, 0, index: 0)
    request.attribute(IFLA_IFNAME, Array(name.utf8) + [0])
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    return try netlink.execute(request, "look at interface \(name)", unless: [ENODEV])
  }
}

extension NetlinkMessage {
  /// A message about a link: struct ifinfomsg is its fixed part, of whose flags those in `mask` are set.
  init(link type: Int, _ flags: Int32, index: UInt32, flags linkFlags: UInt32 = 0, mask: UInt32 = 0) {
    self.init(type: UInt16(type), flags: flags)
    append(UInt32(AF_UNSPEC))
    append(index)
    append(linkFlags)
    append(mask)
  }
}
