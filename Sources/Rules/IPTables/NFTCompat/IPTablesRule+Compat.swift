// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Netlink
import NFTables
import Rules

extension IPTablesRule {
  /// The rule as iptables-nft 1.8.9 writes it: interfaces, addresses, the protocol, ports of tcp and udp, and marks as
  /// expressions of nf_tables, the rest as matches and targets of x_tables.
  func expressions(_ family: AddressFamily) -> [Expression] {
    var list: [Expression] = []
    if let inputInterface { list += Self.expressions(inputInterface, NFT_META_IIFNAME) }
    if let outputInterface { list += Self.expressions(outputInterface, NFT_META_OIFNAME) }
    if let transport {
      list += [
        .meta(NFT_META_L4PROTO), .compare([transport.value.number], isNegated: transport.isNegated),
      ]
    }
    let offsets = Self.offsets(family)
    if let source { list += Self.expressions(source, at: offsets.source) }
    if let destination { list += Self.expressions(destination, at: offsets.destination) }
    for match in matches { list += match.expressions }
    list.append(.counter)
    switch target {
    case .accept: list.append(.accept)
    case .drop: list.append(.drop)
    case .return: list.append(.return)
    case .jump(let chain): list.append(.jump(chain))
    case .mark, .translate, .masquerade:
      if let data = target.extensionData {
        list.append(.target(name: data.name, revision: data.revision, payload: aligned(data.payload)))
      }
    }
    return list
  }

  /// The offsets of the addresses in the IP header: RFC 791, 3.1; RFC 8200, 3.
  private static func offsets(_ family: AddressFamily) -> (source: UInt32, destination: UInt32) {
    family == .ip ? (12, 16) : (8, 24)
  }

  private static func expressions(
    _ interface: Negatable<InterfacePattern>, _ key: nft_meta_keys
  ) -> [Expression] {
    let name = Array(interface.value.name.utf8)
    // A whole name is compared with its NUL, a prefix without.
    let bytes = interface.value.isPrefix ? name : name + [0]
    return [.meta(key), .compare(bytes, isNegated: interface.isNegated)]
  }

  private static func expressions(_ prefix: Negatable<Prefix>, at offset: UInt32) -> [Expression] {
    let network = prefix.value.network
    let base = NFT_PAYLOAD_NETWORK_HEADER
    let whole = network.length / 8
    // For a prefix of whole bytes only these are loaded and compared.
    if network.length % 8 == 0 {
      return [
        .payload(base, offset: offset, length: UInt32(whole)),
        .compare(Array(network.address.bytes.prefix(whole)), isNegated: prefix.isNegated),
      ]
    }
    return [
      .payload(base, offset: offset, length: UInt32(network.address.bytes.count)),
      .mask(IPAddress.mask(network.family, network.length).bytes),
      .compare(network.address.bytes, isNegated: prefix.isNegated),
    ]
  }
}

extension RuleMatch {
  fileprivate var expressions: [Expression] {
    switch self {
    case .mark(let mark):
      let test = Expression.compare(Self.bytes(mark.value), isNegated: mark.isNegated)
      let load = Expression.meta(NFT_META_MARK)
      return mark.mask == .max ? [load, test] : [load, .mask(Self.bytes(mark.mask)), test]
    case .ports(let ports) where ports.transport != .sctp:
      if let both = Self.pair(ports) { return both }
      return [(ports.source, 0), (ports.destination, 2)].flatMap { Self.expressions($0, at: $1) }
    case .comment, .multiport, .addressType, .connection, .ports:
      let data = extensionData
      return [.match(name: data.name, revision: data.revision, payload: aligned(data.payload))]
    }
  }

  private static func bytes(_ number: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: number)
    return bytes
  }

  /// A source and a destination port are compared at once if both are single and not negated.
  private static func pair(_ ports: PortsMatch) -> [Expression]? {
    guard
      let source = ports.source, let destination = ports.destination, source.value.count == 1,
      destination.value.count == 1, !source.isNegated, !destination.isNegated
    else { return nil }
    var bytes: [UInt8] = []
    bytes.append(bigEndian: source.value.lowerBound)
    bytes.append(bigEndian: destination.value.lowerBound)
    let base = NFT_PAYLOAD_TRANSPORT_HEADER
    return [.payload(base, offset: 0, length: 4), .compare(bytes, isNegated: false)]
  }

  private static func expressions(
    _ ports: Negatable<ClosedRange<UInt16>>?, at offset: UInt32
  ) -> [Expression] {
    guard let ports else { return [] }
    func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
    let load = Expression.payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: offset, length: 2)
    let (from, to) = (bytes(ports.value.lowerBound), bytes(ports.value.upperBound))
    return from == to
      ? [load, .compare(from, isNegated: ports.isNegated)] : [load, .range(from, to, isNegated: ports.isNegated)]
  }
}

/// A payload of x_tables, padded to a multiple of eight bytes (`XT_ALIGN`, linux/netfilter/x_tables.h).
private func aligned(_ payload: [UInt8]) -> [UInt8] {
  payload + [UInt8](repeating: 0, count: (8 - payload.count % 8) % 8)
}

// MARK: - Reading

extension IPTablesRule {
  /// Reads a rule of nf_tables; nil unless it is one that this program writes.
  init?(_ expressions: [Expression], _ family: AddressFamily) {
    var rule = IPTablesRule(target: .return)
    var target: RuleTarget?
    var load: Expression?
    var mask: [UInt8]?
    for expression in expressions {
      switch expression {
      case .meta, .payload: (load, mask) = (expression, nil)
      case .mask(let bytes, .first): mask = bytes
      case .compare(let bytes, let isNegated):
        guard let load, rule.add(load, mask, bytes, bytes, isNegated, family) else { return nil }
      case .range(let from, let to, let isNegated):
        guard let load, mask == nil, rule.add(load, nil, from, to, isNegated, family) else { return nil }
      case .counter: break
      case .match(let name, let revision, let payload):
        guard let match = RuleMatch(name: name, revision: revision, payload: payload[...]) else { return nil }
        rule.matches.append(match)
      case .target(let name, let revision, let payload):
        target = RuleTarget(name: name, revision: revision, payload: payload[...], family)
      case .verdict(let code, let chain): target = RuleTarget(verdict: code, chain)
      default: return nil
      }
    }
    guard let target else { return nil }
    rule.target = target
    self = rule
  }

  /// Adds the condition of a comparison to the rule; returns false if this program would not have written it.
  private mutating func add(
    _ load: Expression, _ mask: [UInt8]?, _ from: [UInt8], _ to: [UInt8], _ isNegated: Bool,
    _ family: AddressFamily
  ) -> Bool {
    switch load {
    case .meta(NFT_META_IIFNAME, .first) where mask == nil:
      inputInterface = Negatable(InterfacePattern(compared: from), isNegated: isNegated)
    case .meta(NFT_META_OIFNAME, .first) where mask == nil:
      outputInterface = Negatable(InterfacePattern(compared: from), isNegated: isNegated)
    case .meta(NFT_META_L4PROTO, .first) where mask == nil:
      guard let known = TransportProtocol.allCases.first(where: { [$0.number] == from }) else { return false }
      transport = Negatable(known, isNegated: isNegated)
    case .meta(NFT_META_MARK, .first):
      guard let value = from[...].integer(UInt32.self, at: 0) else { return false }
      let bits = mask?[...].integer(UInt32.self, at: 0) ?? .max
      matches.append(.mark(MarkMatch(value, mask: bits, isNegated: isNegated)))
    case .payload(NFT_PAYLOAD_NETWORK_HEADER, let offset, _, .first):
      guard let prefix = Self.prefix(from, mask, family) else { return false }
      if offset == Self.offsets(family).source {
        source = Negatable(prefix, isNegated: isNegated)
      } else if offset == Self.offsets(family).destination {
        destination = Negatable(prefix, isNegated: isNegated)
      } else {
        return false
      }
    case .payload(NFT_PAYLOAD_TRANSPORT_HEADER, let offset, 2, .first) where offset == 0 || offset == 2:
      guard
        mask == nil, let transport, !transport.isNegated, let first = from[...].integer(UInt16.self, at: 0)?.bigEndian,
        let last = to[...].integer(UInt16.self, at: 0)?.bigEndian, first <= last
      else { return false }
      add(Negatable(first...last, isNegated: isNegated), isSource: offset == 0, transport.value)
    case .payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4, .first):
      guard
        mask == nil, !isNegated, let transport, !transport.isNegated,
        let ports = from[...].integer(UInt32.self, at: 0)?.bigEndian
      else { return false }
      let (source, destination) = (UInt16(ports >> 16), UInt16(truncatingIfNeeded: ports))
      add(Negatable(source...source), isSource: true, transport.value)
      add(Negatable(destination...destination), isSource: false, transport.value)
    default: return false
    }
    return true
  }

  private static func prefix(_ bytes: [UInt8], _ mask: [UInt8]?, _ family: AddressFamily) -> Prefix? {
    let size = family.bits / 8
    guard bytes.count <= size else { return nil }
    let length = mask.map { mask in (0...family.bits).first { IPAddress.mask(family, $0).bytes == mask } ?? -1 }
    let padded = bytes + [UInt8](repeating: 0, count: size - bytes.count)
    return IPAddress(bytes: padded).flatMap { Prefix($0, length: length ?? bytes.count * 8) }
  }
}

extension InterfacePattern {
  /// A name if the compared bytes include its NUL, else a prefix.
  fileprivate init(compared bytes: [UInt8]) {
    self.init(bytes[...].text, isPrefix: !bytes.contains(0))
  }
}

extension RuleTarget {
  fileprivate init?(verdict code: Int32, _ chain: String?) {
    switch code {
    case NF_ACCEPT: self = .accept
    case NF_DROP: self = .drop
    case NFT_RETURN.rawValue: self = .return
    case NFT_JUMP.rawValue:
      guard let chain else { return nil }
      self = .jump(chain)
    default: return nil
    }
  }
}
