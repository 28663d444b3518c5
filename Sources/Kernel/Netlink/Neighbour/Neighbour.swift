// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// An entry of the ARP or neighbour table (rtnetlink(7), `RTM_NEWNEIGH`).
package struct Neighbour: Equatable, Sendable {
  /// The interface's index.
  package var interface: UInt32
  package var address: IPAddress
  package var linkAddress: MACAddress?
  package var state: State
  package var flags: Flags = []

  /// A permanent entry, or one of another state.
  package init(_ address: IPAddress, at linkAddress: MACAddress?, of interface: UInt32, state: State = .permanent) {
    self.interface = interface
    self.address = address
    self.linkAddress = linkAddress
    self.state = state
  }

  /// A proxy entry: this host answers ARP or neighbour solicitations for the address on the interface.
  package static func proxy(_ address: IPAddress, of interface: UInt32) -> Neighbour {
    var entry = Neighbour(address, at: nil, of: interface)
    entry.flags = .proxy
    return entry
  }

  /// `NUD_…` (linux/neighbour.h).
  package struct State: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let none = State(rawValue: UInt16(NUD_NONE))
    package static let incomplete = State(rawValue: UInt16(NUD_INCOMPLETE))
    package static let reachable = State(rawValue: UInt16(NUD_REACHABLE))
    package static let stale = State(rawValue: UInt16(NUD_STALE))
    package static let failed = State(rawValue: UInt16(NUD_FAILED))
    package static let noARP = State(rawValue: UInt16(NUD_NOARP))
    package static let permanent = State(rawValue: UInt16(NUD_PERMANENT))
  }

  /// `NTF_…` (linux/neighbour.h).
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let proxy = Flags(rawValue: UInt8(NTF_PROXY))
    package static let externallyLearned = Flags(rawValue: UInt8(NTF_EXT_LEARNED))
    package static let router = Flags(rawValue: UInt8(NTF_ROUTER))
  }
}

extension Neighbour {
  /// The length of struct ndmsg: family, padding, interface, state, flags, type.
  private static let headerLength = 12

  func message(_ type: Int, _ flags: Int32) -> NetlinkMessage {
    var message = NetlinkMessage(type: UInt16(type), flags: flags)
    message.append(UInt32(address.family.number))
    message.append(interface)
    message.append(state.rawValue)
    message.append(self.flags.rawValue)
    message.append(UInt8(0))
    message.attribute(NDA_DST, address.bytes)
    if let linkAddress { message.attribute(NDA_LLADDR, linkAddress.bytes) }
    return message
  }

  /// Returns nil unless the entry is of IPv4 or IPv6; a bridge's forwarding entries are not.
  init?(_ reply: NetlinkReply) {
    let header = reply.payload
    let values = reply.attributes(after: Self.headerLength)
    guard
      let index = header.integer(UInt32.self, at: 4), let state = header.integer(UInt16.self, at: 8),
      let flags = header.integer(UInt8.self, at: 10),
      let address = values[Int(NDA_DST)].flatMap({ IPAddress(bytes: Array($0)) }),
      header.first == address.family.number
    else { return nil }
    interface = index
    self.address = address
    linkAddress = values[Int(NDA_LLADDR)].flatMap { MACAddress(bytes: Array($0)) }
    self.state = State(rawValue: state)
    self.flags = Flags(rawValue: flags)
  }

  /// `RTM_GETNEIGH` for the entries, or the proxy entries, of an interface.
  static func list(of interface: UInt32, _ family: AddressFamily?, proxies: Bool) -> NetlinkMessage {
    var request = NetlinkMessage(type: UInt16(RTM_GETNEIGH), flags: NLM_F_DUMP)
    request.append(UInt32(family?.number ?? 0))
    request.append(UInt32(0))
    request.append(UInt16(0))
    request.append(proxies ? Flags.proxy.rawValue : 0)
    request.append(UInt8(0))
    request.attribute(NDA_IFINDEX, interface)
    return request
  }
}

extension RouteSocket {
  /// The neighbours of an interface; with `proxies` its proxy entries.
  package func neighbours(
    of interface: UInt32, _ family: AddressFamily? = nil, proxies: Bool = false
  ) throws(NetlinkError) -> [Neighbour] {
    let request = Neighbour.list(of: interface, family, proxies: proxies)
    return try list(request, "list the neighbours of the interface with index \(interface)") { reply in
      guard let entry = Neighbour(reply) else { return nil }
      let isWanted = entry.interface == interface && entry.flags.contains(.proxy) == proxies
      return isWanted && (family == nil || entry.address.family == family) ? entry : nil
    }
  }

  /// Adds an entry; throws `EEXIST` if the address has one and `addition` is `.exclusive`.
  package func add(_ neighbour: Neighbour, _ addition: Addition = .exclusive) throws(NetlinkError) {
    let request = neighbour.message(RTM_NEWNEIGH, addition.flags)
    try netlink.execute(request, "add \(neighbour.action)")
  }

  /// Removes the entry for an address; returns false if there is none.
  @discardableResult
  package func remove(_ neighbour: Neighbour) throws(NetlinkError) -> Bool {
    var entry = neighbour
    entry.linkAddress = nil
    let request = entry.message(RTM_DELNEIGH, NLM_F_ACK)
    return try netlink.execute(request, "remove \(neighbour.action)", unless: [ENOENT, ENODEV, ENXIO]) != nil
  }
}

extension Neighbour {
  var action: String { "the neighbour \(address) of the interface with index \(interface)" }
}
