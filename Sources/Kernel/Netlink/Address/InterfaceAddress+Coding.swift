// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

extension InterfaceAddress {
  /// The length of struct ifaddrmsg: family, prefix length, flags, scope, index.
  private static let headerLength = 8

  func message(_ type: Int, _ flags: Int32) -> NetlinkMessage {
    var message = NetlinkMessage(type: UInt16(type), flags: flags)
    for byte in [
      address.family.number, UInt8(truncatingIfNeeded: prefixLength), UInt8(truncatingIfNeeded: self.flags.rawValue),
      scope.rawValue,
    ] { message.append(byte) }
    message.append(interface)
    message.attribute(IFA_LOCAL, address.bytes)
    message.attribute(IFA_ADDRESS, (peer ?? address).bytes)
    if let broadcast { message.attribute(IFA_BROADCAST, broadcast.bytes) }
    if let label { message.attribute(IFA_LABEL, text: label) }
    if self.flags.rawValue > 0xff { message.attribute(IFA_FLAGS, self.flags.rawValue) }
    message.attribute(IFA_RT_PRIORITY, ifPresent: metric)
    if validLifetime != nil || preferredLifetime != nil {
      // struct ifa_cacheinfo: preferred, valid, two times that only the kernel sets.
      var lifetimes: [UInt8] = []
      for value in [preferredLifetime ?? UInt32.max, validLifetime ?? UInt32.max, 0, 0] as [UInt32] {
        lifetimes.append(integer: value)
      }
      message.attribute(IFA_CACHEINFO, lifetimes)
    }
    return message
  }

  /// Returns nil unless the message has an IPv4 or IPv6 address.
  init?(_ reply: NetlinkReply) {
    let header = reply.payload
    guard
      let length = header.integer(UInt8.self, at: 1), let low = header.integer(UInt8.self, at: 2),
      let scope = header.integer(UInt8.self, at: 3), let index = header.integer(UInt32.self, at: 4)
    else { return nil }
    var (own, other, broadcast): (IPAddress?, IPAddress?, IPAddress?)
    var (flags, label, metric, lifetimes): (UInt32?, String?, UInt32?, ArraySlice<UInt8>?)
    for (type, value) in AttributeList(header.dropFirst(Self.headerLength)) {
      switch type {
      case Int(IFA_LOCAL): own = IPAddress(bytes: Array(value))
      case Int(IFA_ADDRESS): other = IPAddress(bytes: Array(value))
      case Int(IFA_BROADCAST): broadcast = IPAddress(bytes: Array(value))
      case Int(IFA_LABEL): label = value.text
      case Int(IFA_FLAGS): flags = value.integer(UInt32.self, at: 0)
      case Int(IFA_RT_PRIORITY): metric = value.integer(UInt32.self, at: 0)
      case Int(IFA_CACHEINFO): lifetimes = value
      default: break
      }
    }
    // On a point-to-point link IFA_ADDRESS is the peer's address and IFA_LOCAL this host's.
    guard let address = own ?? other else { return nil }
    func lifetime(_ offset: Int) -> UInt32? {
      lifetimes?.integer(UInt32.self, at: offset).flatMap { $0 == .max ? nil : $0 }
    }
    interface = index
    self.address = address
    prefixLength = Int(length)
    peer = other == address ? nil : other
    self.broadcast = broadcast
    self.scope = RouteScope(rawValue: scope)
    self.flags = Flags(rawValue: flags ?? UInt32(low))
    self.label = label
    self.metric = metric
    preferredLifetime = lifetime(0)
    validLifetime = lifetime(4)
  }

  /// The ID of the namespace whose address a reply tells; nil for this one.
  static func netnsID(of reply: NetlinkReply) -> Int32? {
    let attributes = AttributeList(reply.payload.dropFirst(headerLength))
    return attributes.first { $0.type == Int(IFA_TARGET_NETNSID) }?.value.integer(Int32.self, at: 0)
  }

  /// `RTM_GETADDR` for the addresses of an interface (0 for all) and a family (nil for both).
  static func list(of interface: UInt32, _ family: AddressFamily?) -> NetlinkMessage {
    var request = NetlinkMessage(type: UInt16(RTM_GETADDR), flags: NLM_F_DUMP)
    request.append(UInt32(family?.number ?? 0))
    request.append(interface)
    return request
  }
}

extension RouteSocket {
  /// The addresses of all interfaces.
  package func addresses() throws(NetlinkError) -> [InterfaceAddress] {
    try list(InterfaceAddress.list(of: 0, nil), "list the addresses of the interfaces") { InterfaceAddress($0) }
  }

  /// The addresses of an interface, of one family or both.
  package func addresses(
    of interface: UInt32, _ family: AddressFamily? = nil
  ) throws(NetlinkError) -> [InterfaceAddress] {
    let request = InterfaceAddress.list(of: interface, family)
    return try list(request, "list the addresses of the interface with index \(interface)") { reply in
      guard let address = InterfaceAddress(reply), address.interface == interface else { return nil }
      return family == nil || address.address.family == family ? address : nil
    }
  }

  /// The addresses of an interface that may be of another namespace; none of another's before kernel 5.0.
  package func addresses(of other: Link.Reference) throws(NetlinkError) -> [InterfaceAddress] {
    guard let netnsID = other.netnsID else { return try addresses(of: other.index) }
    var request = InterfaceAddress.list(of: other.index, nil)
    request.attribute(IFA_TARGET_NETNSID, UInt32(bitPattern: netnsID))
    return try list(request, "list the addresses of the interface with index \(other.index) in another namespace") {
      reply in
      guard let address = InterfaceAddress(reply), address.interface == other.index else { return nil }
      // A kernel that does not know the attribute tells the addresses of this namespace, without it.
      return InterfaceAddress.netnsID(of: reply) == netnsID ? address : nil
    }
  }

  /// Adds an address to its interface; throws `EEXIST` if the interface has it and `addition` is `.exclusive`.
  package func add(_ address: InterfaceAddress, _ addition: Addition = .exclusive) throws(NetlinkError) {
    try netlink.execute(address.message(RTM_NEWADDR, addition.flags), "add \(address.action("to"))")
  }

  /// Removes an address from its interface; returns false if the address or the interface does not exist.
  @discardableResult
  package func remove(_ address: InterfaceAddress) throws(NetlinkError) -> Bool {
    let request = address.message(RTM_DELADDR, NLM_F_ACK)
    return try netlink.execute(
      request, "remove \(address.action("from"))", unless: [EADDRNOTAVAIL, ENODEV]) != nil
  }
}

extension InterfaceAddress {
  func action(_ word: String) -> String {
    "the address \(prefix) \(word) the interface with index \(interface)"
  }
}
