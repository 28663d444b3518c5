// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import NFTables

/// The key of a lookup: its parts are loaded into consecutive registers, in the order in which elements have them.
enum LookupKey: Sendable {
  /// `meta l4proto . th dport`
  case hostPort
  /// `ip daddr . meta l4proto . th dport`
  case hostAddressPort(AddressFamily)
  /// `ip daddr . meta l4proto . tcp dport . ct original proto-dst . ip saddr & 255.255.0.0`
  case masquerade(AddressFamily, TransportProtocol, length: Int)

  var loads: [Expression] {
    switch self {
    case .hostPort: return Self.protocolAndPort(at: .first)
    case .hostAddressPort(let family):
      let (address, afterAddress) = destination(family)
      return address + Self.protocolAndPort(at: afterAddress)
    case .masquerade(let family, let transport, let length):
      let address = Match.loadAddress(.destination, family)
      let afterAddress = Register.first.after(bytes: family.bits / 8)
      let afterPort = afterAddress.after(bytes: 1).after(bytes: 2)
      let afterPorts = afterPort.after(bytes: 2)
      let mask = Expression.mask(IPAddress.mask(family, length).bytes, in: afterPorts)
      let source = Match.loadAddress(.source, family, into: afterPorts)
      return Match.family(family) + Match.transport(transport) + [address] + Self.protocolAndPort(at: afterAddress)
        + [.originalPort(into: afterPort), source] + (length == family.bits ? [] : [mask])
    }
  }

  private func destination(_ family: AddressFamily) -> (loads: [Expression], end: Register) {
    let load = Match.loadAddress(.destination, family)
    return (Match.family(family) + [load], Register.first.after(bytes: family.bits / 8))
  }

  private static func protocolAndPort(at register: Register) -> [Expression] {
    [.meta(NFT_META_L4PROTO, into: register), Match.loadPort(.destination, into: register.after(bytes: 1))]
  }
}
