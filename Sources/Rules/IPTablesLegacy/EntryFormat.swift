// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import IPTables
import Netlink

/// The layout of a rule in a table: struct ipt_entry (linux/netfilter_ipv4/ip_tables.h) or ip6t_entry
/// (linux/netfilter_ipv6/ip6_tables.h), then its matches, then one target, each padded to eight bytes.
struct EntryFormat {
  let family: AddressFamily
  /// The length of the fixed part, behind which the matches begin.
  let header: Int
  /// The offset of `target_offset`, the entry's distance to its target, and, two bytes further, of `next_offset`, its distance to
  /// the next entry.
  let targetOffset: Int
  /// The offset of the flags in struct ipt_ip or ip6t_ip6, the first part of an entry; the flags of negated conditions follow.
  let flags: Int
  /// `IP6T_F_PROTO`: the protocol counts; IPv4 has no such flag.
  let hasTransport: UInt8

  init(_ family: AddressFamily) {
    self.family = family
    let isIP = family == .ip
    header = isIP ? 112 : 168
    targetOffset = isIP ? 88 : 140
    flags = isIP ? 82 : 131
    hasTransport = isIP ? 0 : 1 << 0
  }

  /// The length of an address.
  var address: Int { family.bits / 8 }
  /// The offset of the interfaces' two names and two masks, after source, destination and their masks.
  var interfaces: Int { 4 * address }
  /// The offset of the protocol, in host byte order, after the interfaces.
  var transport: Int { interfaces + 4 * Self.interfaceName }
  var nextOffset: Int { targetOffset + 2 }

  /// `IFNAMSIZ`
  static let interfaceName = 16
  /// struct xt_entry_match and xt_entry_target: the size with the payload, 29 bytes for the name, the revision.
  static let extensionHeader = 32
  /// struct xt_standard_target: a verdict and four bytes of padding.
  static let standardTarget = extensionHeader + verdict
  /// The distance of the verdict from the end of an entry with a standard target.
  static let verdict = 8
  /// struct xt_error_target, whose text is the name of the chain that it heads.
  static let errorTarget = extensionHeader + 32
  /// The limit for a chain's name in bytes; the kernel has room for one more, which iptables does not use.
  static let chainNameLimit = 28
}

/// The verdicts of a standard target, whose name is empty; a verdict that is not negative is the offset of the entry to jump to.
enum Verdict {
  static let drop: Int32 = -NF_DROP - 1
  static let accept: Int32 = -NF_ACCEPT - 1
  /// `XT_RETURN`
  static let `return`: Int32 = -NF_REPEAT - 1
}

// MARK: - Entries that can drop

extension EntryFormat {
  /// Whether an entry without a jump can drop a packet, also if it is not understood otherwise.
  func canDrop(_ entry: ArraySlice<UInt8>) -> Bool {
    guard let offset = entry.integer(UInt16.self, at: targetOffset).map(Int.init) else { return true }
    let target = entry.dropFirst(offset)
    let name = target.dropFirst(2).prefix(Self.extensionHeader - 3).text
    if !name.isEmpty { return !RuleTarget.harmless.contains(name) }
    let verdict = target.dropFirst(Self.extensionHeader).integer(Int32.self, at: 0)
    return verdict != Verdict.accept && verdict != Verdict.return
  }
}

// MARK: - Writing

extension EntryFormat {
  /// Whether the entry's verdict is an offset in the table.
  func goesOn(_ entry: [UInt8]) -> Bool {
    guard
      let target = entry[...].integer(UInt16.self, at: targetOffset).map(Int.init),
      entry[...].integer(UInt8.self, at: target + 2) == 0,
      let verdict = entry[...].integer(Int32.self, at: target + Self.extensionHeader)
    else { return false }
    return verdict >= 0
  }

  func entry(conditions: [UInt8] = [], matches: [UInt8] = [], target: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header + matches.count + target.count)
    bytes += conditions
    bytes.append(zeros: targetOffset - bytes.count)
    // Longer entries are refused before they are added to a table.
    bytes.append(integer: UInt16(clamping: header + matches.count))
    bytes.append(integer: UInt16(clamping: header + matches.count + target.count))
    // The kernel's own field and the counters.
    bytes.append(zeros: header - bytes.count)
    bytes += matches
    bytes += target
    return bytes
  }

  /// The ERROR entry that heads a user-defined chain; packets reach it only without a jump, which is an error.
  func head(_ name: [UInt8]) -> [UInt8] { entry(target: Self.extended("ERROR", 0, name, size: 32)) }

  /// The entry that ends a user-defined chain.
  var foot: [UInt8] { entry(target: Self.target(Verdict.return)) }

  static func target(_ verdict: Int32) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(integer: verdict)
    return extended("", 0, payload)
  }

  /// A match or a target; `size` is the least length of the payload.
  static func extended(_ name: String, _ revision: UInt8, _ payload: [UInt8], size: Int = 0) -> [UInt8] {
    let length = (max(payload.count, size) + 7) & ~7
    var bytes: [UInt8] = []
    bytes.reserveCapacity(extensionHeader + length)
    bytes.append(integer: UInt16(clamping: extensionHeader + length))
    bytes += name.utf8
    bytes.append(zeros: extensionHeader - 1 - bytes.count)
    bytes.append(revision)
    bytes += payload
    bytes.append(zeros: extensionHeader + length - bytes.count)
    return bytes
  }
}

// MARK: - Bytes

extension [UInt8] {
  mutating func append(zeros count: Int) {
    if count > 0 { append(contentsOf: repeatElement(0, count: count)) }
  }

  /// The integer in host byte order at an index, which must exist. This is the fastest way, and a table has many integers.
  func integer16(at index: Int) -> Int {
    Int(UInt16(littleEndian: UInt16(self[index]) | UInt16(self[index + 1]) << 8))
  }

  func integer32(at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for place in 0..<4 { value |= UInt32(self[index + place]) << UInt32(8 * place) }
    return UInt32(littleEndian: value)
  }

  mutating func put(_ value: UInt32, at index: Int) {
    let value = value.littleEndian
    for place in 0..<4 { self[index + place] = UInt8(truncatingIfNeeded: value >> UInt32(8 * place)) }
  }
}
