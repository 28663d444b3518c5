// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import IPTables
import Netlink
import Rules

extension IPTablesRule {
  /// The rule as iptables-legacy 1.8.9 writes it. The verdict of a jump is 0 here, because the offset of its chain is known only
  /// when the table is laid out.
  func entry(_ format: EntryFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(format.targetOffset)
    bytes.append(address: source?.value, format)
    bytes.append(address: destination?.value, format)
    bytes.append(mask: source?.value, format)
    bytes.append(mask: destination?.value, format)
    bytes.append(name: inputInterface?.value)
    bytes.append(name: outputInterface?.value)
    bytes.append(mask: inputInterface?.value)
    bytes.append(mask: outputInterface?.value)
    bytes.append(integer: UInt16(transport?.value.number ?? 0))
    // The type of service, which only IPv6 has here.
    bytes.append(zeros: format.flags - bytes.count)
    bytes.append(transport == nil ? 0 : format.hasTransport)
    bytes.append(negated)
    var extended: [UInt8] = []
    for match in matches {
      let data = match.extensionData
      extended += EntryFormat.extended(data.name, data.revision, data.payload)
    }
    return format.entry(conditions: bytes, matches: extended, target: target.legacy)
  }

  /// The flags of the negated conditions (`IPT_INV_…`, which are the same for IPv6: linux/netfilter_ipv6/ip6_tables.h).
  private var negated: UInt8 {
    func bit(_ isNegated: Bool?, _ bit: UInt8) -> UInt8 { isNegated == true ? bit : 0 }
    return bit(inputInterface?.isNegated, Inversion.input) | bit(outputInterface?.isNegated, Inversion.output)
      | bit(source?.isNegated, Inversion.source) | bit(destination?.isNegated, Inversion.destination)
      | bit(transport?.isNegated, Inversion.transport)
  }

  /// Decodes an entry; nil unless this program would write it. `jump` is the chain that it jumps to.
  init?(entry: ArraySlice<UInt8>, _ format: EntryFormat, jump: String?) {
    guard
      let transport = entry.integer(UInt16.self, at: format.transport),
      let targetOffset = entry.integer(UInt16.self, at: format.targetOffset).map(Int.init),
      targetOffset >= format.header, let negated = entry.integer(UInt8.self, at: format.flags + 1),
      let matches = Self.matches(entry.dropFirst(format.header).prefix(targetOffset - format.header)),
      let target = RuleTarget(legacy: entry.dropFirst(targetOffset), format.family, jump: jump)
    else { return nil }
    self.init(matches: matches, target: target)
    if transport != 0 {
      guard let known = TransportProtocol.allCases.first(where: { $0.number == transport }) else { return nil }
      self.transport = Negatable(known, isNegated: negated & Inversion.transport != 0)
    }
    func prefix(_ index: Int, _ inversion: UInt8) -> Negatable<Prefix>? {
      let mask = entry.dropFirst((2 + index) * format.address).prefix(format.address)
      let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
      let address = IPAddress(bytes: Array(entry.dropFirst(index * format.address).prefix(format.address)))
      guard length > 0, let address, let prefix = Prefix(address, length: length) else { return nil }
      return Negatable(prefix, isNegated: negated & inversion != 0)
    }
    func interface(_ index: Int, _ inversion: UInt8) -> Negatable<InterfacePattern>? {
      let size = EntryFormat.interfaceName
      let name = entry.dropFirst(format.interfaces + index * size).prefix(size)
      let mask = entry.dropFirst(format.interfaces + (2 + index) * size).prefix(size).prefix { $0 != 0 }
      return mask.isEmpty
        ? nil : Negatable(InterfacePattern(name, compared: mask.count), isNegated: negated & inversion != 0)
    }
    source = prefix(0, Inversion.source)
    destination = prefix(1, Inversion.destination)
    inputInterface = interface(0, Inversion.input)
    outputInterface = interface(1, Inversion.output)
    // All other bytes must be as this program writes them.
    if !isSame(as: entry, format) { return nil }
  }

  private static func matches(_ bytes: ArraySlice<UInt8>) -> [RuleMatch]? {
    var matches: [RuleMatch] = []
    var rest = bytes
    while !rest.isEmpty {
      guard
        let size = rest.integer(UInt16.self, at: 0).map(Int.init), size >= EntryFormat.extensionHeader,
        size <= rest.count, let (name, revision, payload) = rest.prefix(size).extended,
        let match = RuleMatch(name: name, revision: revision, payload: payload)
      else { return nil }
      matches.append(match)
      rest = rest.dropFirst(size)
    }
    return matches
  }

  /// Whether the entry has the bytes that this program writes for this rule, apart from the kernel's own fields and the verdict
  /// of a jump.
  private func isSame(as entry: ArraySlice<UInt8>, _ format: EntryFormat) -> Bool {
    let ours = self.entry(format)
    guard ours.count == entry.count else { return false }
    // nfcache is before the offsets; comefrom and the counters are after them.
    let offsets = format.targetOffset
    var end = ours.count
    if case .jump = target { end -= EntryFormat.standardTarget - EntryFormat.extensionHeader }
    return [0..<offsets - 4, offsets..<offsets + 4, format.header..<end].allSatisfy { range in
      ours[range].elementsEqual(entry[entry.startIndex + range.lowerBound..<entry.startIndex + range.upperBound])
    }
  }
}

/// `IPT_INV_…` (linux/netfilter_ipv4/ip_tables.h); for IPv6 the numbers are the same.
private enum Inversion {
  static let input: UInt8 = 1 << 0
  static let output: UInt8 = 1 << 1
  static let source: UInt8 = 1 << 3
  static let destination: UInt8 = 1 << 4
  static let transport: UInt8 = 1 << 6
}

extension RuleTarget {
  fileprivate var legacy: [UInt8] {
    switch self {
    case .jump: EntryFormat.target(0)
    case .accept: EntryFormat.target(Verdict.accept)
    case .drop: EntryFormat.target(Verdict.drop)
    case .return: EntryFormat.target(Verdict.return)
    case .mark, .translate, .masquerade:
      extensionData.map { EntryFormat.extended($0.name, $0.revision, $0.payload) } ?? []
    }
  }

  fileprivate init?(legacy bytes: ArraySlice<UInt8>, _ family: AddressFamily, jump: String?) {
    guard let (name, revision, payload) = bytes.extended else { return nil }
    if !name.isEmpty {
      self.init(name: name, revision: revision, payload: payload, family)
    } else if let jump {
      self = .jump(jump)
    } else {
      switch payload.integer(Int32.self, at: 0) {
      case Verdict.accept: self = .accept
      case Verdict.drop: self = .drop
      case Verdict.return: self = .return
      default: return nil
      }
    }
  }
}

// MARK: - Parts of an entry

extension ArraySlice<UInt8> {
  /// The name, revision and payload of a match or a target.
  fileprivate var extended: (name: String, revision: UInt8, payload: ArraySlice<UInt8>)? {
    let header = EntryFormat.extensionHeader
    guard count >= header else { return nil }
    return (dropFirst(2).prefix(header - 3).text, self[startIndex + header - 1], dropFirst(header))
  }
}

extension InterfacePattern {
  /// The number of compared bytes: those of a whole name with its NUL, if there is room for one.
  fileprivate var compared: Int {
    isPrefix ? name.utf8.count : min(name.utf8.count + 1, EntryFormat.interfaceName)
  }

  fileprivate init(_ field: ArraySlice<UInt8>, compared: Int) {
    let bytes = field.prefix(compared)
    self.init(bytes.text, isPrefix: !bytes.contains(0))
  }
}

extension [UInt8] {
  fileprivate mutating func append(address prefix: Prefix?, _ format: EntryFormat) {
    if let prefix { self += prefix.network.address.bytes } else { append(zeros: format.address) }
  }

  fileprivate mutating func append(mask prefix: Prefix?, _ format: EntryFormat) {
    if let prefix {
      self += IPAddress.mask(format.family, prefix.length).bytes
    } else {
      append(zeros: format.address)
    }
  }

  /// The plus at the end of a pattern is only for display.
  fileprivate mutating func append(name pattern: InterfacePattern?) {
    let name = (pattern?.text ?? "").utf8.prefix(EntryFormat.interfaceName - 1)
    self += name
    append(zeros: EntryFormat.interfaceName - name.count)
  }

  fileprivate mutating func append(mask pattern: InterfacePattern?) {
    let compared = pattern?.compared ?? 0
    append(contentsOf: repeatElement(0xff, count: compared))
    append(zeros: EntryFormat.interfaceName - compared)
  }
}
