// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import IPTables
import Netlink
import NetNS
import OS

/// Writes rules where iptables-legacy does: the whole table is read, changed in memory, and put back at once.
package struct LegacyTransport: SingleTableTransport {
  private let lock: XTablesLock

  /// `milliseconds` is how long others may keep the lock of all programs that change tables.
  package init(lockFile: String? = nil, milliseconds: Int = 10_000) {
    lock = XTablesLock(path: lockFile ?? XTablesLock.standardPath, patience: milliseconds)
  }

  /// The tables that somebody has used in this namespace; to ask for others would make them. Nil if the kernel can have none.
  private static func tables(_ family: AddressFamily) -> [IPTable]? {
    let path = "/proc/thread-self/net/\(family == .ip ? "ip" : "ip6")_tables_names"
    guard let file = try? FileDescriptor.open(path), let text = try? file.readAll(limit: 1 << 12) else { return nil }
    let names = text.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    return IPTable.Name.allCases.filter { names.contains($0.rawValue) }.map { IPTable($0, family) }
  }

  package func hasTables(_ family: AddressFamily) -> Bool { Self.tables(family) != nil }

  package func mayHold(_ table: IPTable) -> Bool { Self.tables(table.family)?.contains(table) ?? false }

  /// Looks without the lock, for which others may wait long, and at no more of the table than plugins write to.
  package func mayHold(_ table: IPTable, anyOf texts: [String]) -> Bool {
    guard mayHold(table), let socket = try? LegacySocket.open(table.family) else { return false }
    for _ in 0..<Self.attempts {
      do {
        guard let entries = try socket.readPluginChains(of: table) else { continue }
        return texts.contains { entries.holds(Array($0.utf8)) }
      } catch {
        // Who goes on is told why it cannot be read.
        return true
      }
    }
    return true
  }

  /// Whether the kernel can keep such tables, and somebody has rules there.
  package func presence() -> IPTablesPresence {
    let families = AddressFamily.allCases.map { Self.tables($0) }
    if families.allSatisfy({ $0 == nil }) { return .missing }
    let isUsed = families.compactMap { $0 }.joined().contains { table in
      let info = (try? LegacySocket.open(table.family).info(table)) ?? nil
      // An empty table has an entry for each of its chains' policies, and one that marks its end.
      return (info?.count ?? 0) > (table.name == .nat ? 5 : 4)
    }
    return isUsed ? .used : .empty
  }

  package func change<T>(
    one table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try lock.held(for: "change \(table)") { () throws(CNIError) in
      // Who takes no lock can still come between.
      for _ in 0..<Self.attempts {
        if let result = try attempt(table, edit) { return result.value }
      }
      throw CNIError(.tryAgainLater, "change \(table): it changes faster than this change could be made")
    }
  }

  /// Looks without the lock: the kernel gives the table as it is at one moment.
  package func look<T>(
    _ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    if !mayHold(table) {
      var nothing = TableEdit(table, EmptyTable())
      return try body(&nothing)
    }
    let socket = try Self.kernel(table) { () throws(SystemError) in try LegacySocket.open(table.family) }
    for _ in 0..<Self.attempts {
      guard let present = try Self.read(table, socket) else { continue }
      var edit = TableEdit(table, present)
      return try body(&edit)
    }
    throw CNIError(.tryAgainLater, "read \(table): it changes faster than it could be read")
  }

  /// Tries the changes in a network namespace that goes with the trial: in this one a table that nobody has used would be made,
  /// and then see every packet.
  package func rehearse(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) {
    if mayHold(table) {
      // What is there must be such that it can be changed.
      let socket = try Self.kernel(table) { () throws(SystemError) in try LegacySocket.open(table.family) }
      if var present = try Self.read(table, socket) { _ = try Self.collect(&present, edit) }
    }
    // Where none can be made, as the capability or room for one more is missing, ADD may still work.
    guard let trial = try? NetworkNamespace.make() else { return }
    try trial.run({ CNIError(.kernelRefused, "try changes of \(table): \($0)") }) { () throws(CNIError) in
      for _ in 0..<Self.attempts {
        if try attempt(table, edit) != nil { return }
      }
    }
  }

  private static let attempts = 100

  /// So that a result that is nil itself can be told from none.
  private struct Result<T> { let value: T }

  /// Makes the changes; nil if the table has changed meanwhile.
  private func attempt<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> Result<T>? {
    let socket = try Self.kernel(table) { () throws(SystemError) in try LegacySocket.open(table.family) }
    guard var changed = try Self.read(table, socket) else { return nil }
    let (value, isChanged) = try Self.collect(&changed, edit)
    if !isChanged { return Result(value: value) }

    let oldCount = changed.info.count
    var layout = try (consume changed).laidOut()
    let counters = try Self.kernel(table) { () throws(SystemError) in
      try socket.replace(table, &layout.replacement, oldCount: oldCount)
    }
    guard let counters else { return nil }
    // The rules stand by now: that others lose what they counted is no reason to say that ours do not.
    try? socket.add(counters, table, layout)
    return Result(value: value)
  }

  /// Nil if the table changes meanwhile.
  private static func read(_ table: IPTable, _ socket: borrowing LegacySocket) throws(CNIError) -> LegacyTable? {
    let contents: LegacyTable.Contents?
    do throws(SystemError) { contents = try socket.read(table) } catch { throw refusal(error, table) }
    guard let contents else { return nil }
    do {
      return try LegacyTable(table, contents)
    } catch {
      throw CNIError(.kernelRefused, "read \(table): \(error)")
    }
  }

  /// Makes the changes in memory. Nothing that holds the table's bytes may outlive this, else they are copied.
  private static func collect<T>(
    _ table: inout LegacyTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> (value: T, isChanged: Bool) {
    var collected = TableEdit(table.table, table)
    let value = try edit(&collected)
    try table.apply(collected.changes)
    return (value, !collected.changes.isEmpty)
  }

  private static func kernel<T: ~Copyable>(
    _ table: IPTable, _ body: () throws(SystemError) -> T
  ) throws(CNIError) -> T {
    do throws(SystemError) {
      return try body()
    } catch {
      throw refusal(error, table)
    }
  }

  /// What it means that the kernel refuses something about a table.
  static func refusal(_ error: SystemError, _ table: IPTable) -> CNIError {
    switch error.number {
    case ENOPROTOOPT:
      let module = table.family == .ip ? "ip_tables" : "ip6_tables"
      return CNIError(.kernelRefused, "\(error); the kernel has no \(module), or it is not loaded")
    case EPERM:
      return CNIError(.kernelRefused, "\(error); it needs CAP_NET_ADMIN in the host's network namespace")
    default: return CNIError(.kernelRefused, "\(error)")
    }
  }
}
