// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import OS

@testable import IPTables
@testable import IPTablesLegacy

/// A table that libiptc has read from the kernel; a class, because a transport keeps it as a ``TableReader``.
final class LibiptcTable: TableReader {
  let table: IPTable
  private let library: Libiptc
  private let handle: OpaquePointer
  private let format: EntryFormat

  init(_ table: IPTable) throws(CNIError) {
    self.table = table
    library = Libiptc.of(table.family)
    format = EntryFormat(table.family)
    guard let handle = library.open(table.name.rawValue) else { throw Self.failure("read \(table)", table) }
    self.handle = handle
  }

  deinit { library.free(handle) }

  /// The errno of the last function of libiptc that failed.
  private static func failure(_ action: String, _ table: IPTable) -> CNIError {
    LegacyTransport.refusal(SystemError(action, number: errno), table)
  }

  // MARK: - Reading

  /// The chains of hooks, then the others sorted by name.
  var chains: [String] {
    Array(
      sequence(state: library.firstChain(handle)) { [library, handle] next in
        guard let name = next else { return nil }
        defer { next = library.nextChain(handle) }
        return String(cString: name)
      })
  }

  func chains(withPrefix prefix: String) -> [String] {
    chains.filter { library.isBuiltIn($0, handle) == 0 && $0.hasPrefix(prefix) }
  }

  func states(of names: [String]) -> [ChainState] {
    names.filter { library.isChain($0, handle) != 0 }.map { name in
      var references: UInt32 = 0
      let isBuiltIn = library.isBuiltIn(name, handle) != 0
      if !isBuiltIn { _ = library.references(&references, name, handle) }
      let policy = isBuiltIn ? library.policy(name, handle).map { String(cString: $0) } : nil
      return ChainState(name: name, uses: entries(of: name).count + Int(references), isDropping: policy == "DROP")
    }
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]? = nil, until isLast: ((PlacedRule) -> Bool)? = nil
  ) -> [PlacedRule] {
    var rules: [PlacedRule] = []
    for entry in entries(of: chain) {
      let rule = placed(entry)
      rules.append(rule)
      if isLast?(rule) ?? false { break }
    }
    return rules
  }

  func allRules(holding patterns: [[UInt8]]? = nil) -> [(chain: String, rule: PlacedRule)] {
    chains.flatMap { chain in rules(of: chain).map { (chain, $0) } }
  }

  private func entries(of chain: String) -> [UnsafeRawPointer] {
    Array(
      sequence(state: library.firstRule(chain, handle)) { [library, handle] next in
        guard let entry = next else { return nil }
        defer { next = library.nextRule(entry, handle) }
        return entry
      })
  }

  /// A rule whose handle is the address of libiptc's entry.
  private func placed(_ entry: UnsafeRawPointer) -> PlacedRule {
    func short(_ offset: Int) -> Int { Int(entry.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
    let target = short(format.targetOffset)
    let bytes = Self.cleared(
      Array(UnsafeRawBufferPointer(start: entry, count: short(format.nextOffset))), format, target)
    // A standard target whose verdict is an offset jumps to a chain, or continues with the next entry.
    let isJump = bytes[target + 2] == 0 && bytes[target + EntryFormat.extensionHeader + 3] < 0x80
    let label = library.target(entry, handle).map { String(cString: $0) } ?? ""
    let (format, jump) = (format, isJump && !label.isEmpty ? label : nil)
    return PlacedRule(
      rule: IPTablesRule(entry: bytes[...], format, jump: jump), jump: jump,
      handle: UInt64(UInt(bitPattern: entry)), canDrop: !isJump && format.canDrop(bytes[...]), bytes: bytes)
  }

  /// An entry with zeros after the names of its matches and target, where the kernel writes nothing and libiptc leaves old
  /// memory.
  private static func cleared(_ entry: [UInt8], _ format: EntryFormat, _ target: Int) -> [UInt8] {
    var bytes = entry
    var start = format.header
    while start <= target, let size = entry[...].integer(UInt16.self, at: start), size > 0 {
      // After two bytes of the size and before one byte of the revision.
      let name = start + 2..<start + EntryFormat.extensionHeader - 1
      if let end = bytes[name].firstIndex(of: 0) {
        for place in end..<name.upperBound { bytes[place] = 0 }
      }
      start += Int(size)
    }
    return bytes
  }

  // MARK: - Changing

  /// Makes changes in memory. Chains are removed last, when nothing jumps to them any more.
  func apply(_ changes: [TableEdit.Change]) throws(CNIError) {
    var removed: [String] = []
    for change in changes {
      switch change {
      case .makeChain(let name):
        removed.removeAll { $0 == name }
        if library.isChain(name, handle) == 0 { try check(library.makeChain(name, handle)) }
      case .removeChain(let name):
        if library.isChain(name, handle) == 0 { continue }
        try check(library.flushChain(name, handle))
        removed.append(name)
      case .flush(let name): try check(library.flushChain(name, handle))
      case .insert(let rule, let chain, let place):
        try insert(rule.entry(format), rule.target.libiptcLabel, chain, place)
      case .restore(let rule, let chain, let place): try insert(rule.bytes, rule.label(format), chain, place)
      case .remove(let rule, let chain):
        if let number = number(of: rule, in: chain) { try check(library.remove(chain, UInt32(number), handle)) }
      }
    }
    for name in removed { try check(library.removeChain(name, handle)) }
  }

  /// Lets libiptc lay the table out again, as it does after any change, and replace it in the kernel; false if another program
  /// has changed it.
  func commit() throws(CNIError) -> Bool {
    if library.commit(handle) != 0 { return true }
    if errno == EAGAIN { return false }
    throw Self.failure("change \(table)", table)
  }

  private func insert(
    _ entry: [UInt8], _ label: String?, _ chain: String, _ place: TableEdit.Place
  ) throws(CNIError) {
    let number =
      switch place {
      case .start: 0
      case .end: entries(of: chain).count
      case .after(let other): self.number(of: other, in: chain).map { $0 + 1 } ?? 0
      }
    var entry = entry
    if let label {
      // libiptc expects the name of the verdict or the chain in place of the kernel's empty name.
      let name = entry[...].integer(UInt16.self, at: format.targetOffset).map { Int($0) + 2 } ?? 0
      entry.replaceSubrange(name..<name + label.utf8.count, with: label.utf8)
    }
    try check(entry.withUnsafeBytes { library.insert(chain, $0.baseAddress, UInt32(number), handle) })
  }

  private func number(of rule: PlacedRule, in chain: String) -> Int? {
    entries(of: chain).firstIndex { UInt64(UInt(bitPattern: $0)) == rule.handle }
  }

  private func check(_ isDone: Int32) throws(CNIError) {
    if isDone == 0 { throw Self.failure("change \(table)", table) }
  }
}

extension RuleTarget {
  fileprivate var libiptcLabel: String? {
    switch self {
    case .accept: "ACCEPT"
    case .drop: "DROP"
    case .return: "RETURN"
    case .jump(let chain): chain
    case .mark, .translate, .masquerade: nil
    }
  }
}

extension KeptRule {
  fileprivate func label(_ format: EntryFormat) -> String? {
    if let jump { return jump }
    let target = bytes[...].integer(UInt16.self, at: format.targetOffset).map(Int.init) ?? 0
    if bytes[target + 2] != 0 { return nil }
    switch bytes[...].integer(Int32.self, at: target + EntryFormat.extensionHeader) {
    case Verdict.accept: return "ACCEPT"
    case Verdict.drop: return "DROP"
    case Verdict.return: return "RETURN"
    default: return nil
    }
  }
}
