// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Testing

@testable import IPTables
@testable import IPTablesLegacy

/// A table before a command of iptables-legacy 1.8.9 and after it, recorded with `strace -xx -e trace=getsockopt,setsockopt
/// iptables-legacy -t nat …`, one command after another.
struct GoldenTable: CustomTestStringConvertible, Sendable {
  let table: IPTable
  let command: String
  let contents: LegacyTable.Contents
  /// struct ipt_replace with the entries, without its pointer; empty if the command changes nothing.
  let replacement: [UInt8]
  /// struct xt_counters_info
  let counters: [UInt8]

  var family: AddressFamily { table.family }
  var testDescription: String { "\(family.title) \(command)" }

  static let all: [GoldenTable] = goldenLines("iptables-legacy-tables").compactMap { line in
    let words = shellWords(line("command"))
    guard let name = IPTable.Name(rawValue: words[1]), let info = LegacyTableInfo(goldenBytes(line("info"))) else {
      return nil
    }
    return GoldenTable(
      table: IPTable(name, line("family") == "ip" ? .ip : .ip6), command: line("command"),
      contents: .init(info: info, entries: goldenBytes(line("entries"))), replacement: goldenBytes(line("replace")),
      counters: goldenBytes(line("counters")))
  }

  /// The first table: only policies.
  static func empty(_ family: AddressFamily) -> GoldenTable {
    all[all.firstIndex { $0.family == family } ?? 0]
  }

  /// The command as our changes; nil if it cannot be expressed so.
  var edit: ((inout TableEdit) throws(CNIError) -> Void)? {
    let words = shellWords(command)
    let chain = words.count > 3 ? words[3] : ""
    let rule = try? IPTablesRule(Array(words.dropFirst(4)), family)
    switch (words[2], rule) {
    case ("-N", _): return { (edit) throws(CNIError) in try edit.ensureChain(chain) }
    case ("-X", _): return { (edit) throws(CNIError) in edit.removeChain(chain) }
    case ("-F", _): return { (edit) throws(CNIError) in try edit.fill(chain, with: []) }
    case ("-A", let rule?): return { (edit) throws(CNIError) in edit.append(rule, to: chain) }
    case ("-I", let rule?): return { (edit) throws(CNIError) in edit.prepend(rule, to: chain) }
    // After the third of three rules.
    case ("-I", nil) where words[4] == "4":
      return { (edit) throws(CNIError) in edit.append(IPTablesRule(target: .return), to: chain) }
    case ("-D", let rule):
      return { (edit) throws(CNIError) in
        let rules = try edit.rules(of: chain) ?? []
        if let first = rules.first(where: { rule == nil || $0.rule == rule }) { edit.remove(first, from: chain) }
      }
    default: return nil
    }
  }

  /// The entries without the kernel's own fields.
  func withoutCounters(_ entries: ArraySlice<UInt8>) -> [UInt8] {
    let format = EntryFormat(family)
    var bytes = Array(entries)
    var start = 0
    while start < bytes.count {
      for index in format.targetOffset + 4..<format.header { bytes[start + index] = 0 }
      start += max(8, bytes.integer16(at: start + format.nextOffset))
    }
    return bytes
  }

  /// The same table with another number of entries and another size.
  static func info(_ info: LegacyTableInfo, count: Int, size: Int) -> LegacyTableInfo? {
    var bytes = [UInt8](repeating: 0, count: 32)
    for word in [info.hooks] + info.starts + info.policies + [UInt32(clamping: count), UInt32(clamping: size)] {
      bytes.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) })
    }
    return LegacyTableInfo(bytes)
  }

  /// The contents that the kernel would return for a table that was written.
  static func contents(of layout: LegacyLayout) -> LegacyTable.Contents {
    let bytes = layout.replacement
    var info = [UInt8](repeating: 0, count: 32) + bytes[32..<36] + bytes[44..<84]
    info += bytes[36..<44]
    return .init(
      info: LegacyTableInfo(info) ?? all[0].contents.info,
      entries: [UInt8](repeating: 0, count: 40) + bytes.dropFirst(96))
  }
}
