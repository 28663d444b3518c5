// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import IPTables
import Netlink
import NetNS
import OS

/// Changes tables as iptables-legacy does: a table is read as a whole, changed in memory, and replaced at once.
package struct LegacyTransport: SingleTableTransport {
  private let lock: XTablesLock

  /// `milliseconds` limits the wait for the lock that all programs which change tables take.
  package init(lockFile: String? = nil, milliseconds: Int = 10_000) {
    lock = XTablesLock(path: lockFile ?? XTablesLock.standardPath, patience: milliseconds)
  }

  /// The tables that exist in this network namespace; asking the kernel for another one would make it. Nil if the kernel does not
  /// support them.
  private static func tables(_ family: AddressFamily) -> [IPTable]? {
    let path = "/proc/thread-self/net/\(family == .ip ? "ip" : "ip6")_tables_names"
    guard let file = try? FileDescriptor.open(path), let text = try? file.readAll(limit: 1 << 12) else { return nil }
    let names = text.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    return IPTable.Name.allCases.filter { names.contains($0.rawValue) }.map { IPTable($0, family) }
  }

  package func hasTables(_ family: AddressFamily) -> Bool { Self.tables(family) != nil }

  package func mayHold(_ table: IPTable) -> Bool { Self.tables(table.family)?.contains(table) ?? false }

  /// Reads without the lock, which others may hold for long, and only the part of the table that plugins write to.
  package func mayHold(_ table: IPTable, anyOf texts: [String]) -> Bool {
    guard mayHold(table), let socket = try? LegacySocket.open(table.family) else { return false }
    for _ in 0..<Self.attempts {
      do {
        guard let entries = try socket.readPluginChains(of: table) else { continue }
        return texts.contains { entries.holds(Array($0.utf8)) }
      } catch {
        // The caller reads the table next and reports why it cannot be read.
        return true
      }
    }
    return true
  }

  /// Whether the kernel supports such tables, and whether they hold rules.
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
      // A program that takes no lock may still change the table meanwhile.
      for _ in 0..<Self.attempts {
        if let result = try attempt(table, edit) { return result.value }
      }
      throw CNIError(.tryAgainLater, "change \(table): it changes faster than this change could be made")
    }
  }

  /// Reads without the lock, because the kernel copies the table as it is at one moment.
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

  /// Tries the changes in a temporary network namespace: in this one the trial would make the table, which then sees every
  /// packet.
  package func rehearse(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) {
    if mayHold(table) {
      // The present table must be one that can be changed.
      let socket = try Self.kernel(table) { () throws(SystemError) in try LegacySocket.open(table.family) }
      if var present = try Self.read(table, socket) { _ = try Self.collect(&present, edit) }
    }
    // Without the capability or the resources for a namespace nothing is tried, because ADD may still work.
    guard let trial = try? NetworkNamespace.make() else { return }
    try trial.run({ CNIError(.kernelRefused, "try changes of \(table): \($0)") }) { () throws(CNIError) in
      for _ in 0..<Self.attempts {
        if try attempt(table, edit) != nil { return }
      }
    }
  }

  private static let attempts = 100

  /// Tells an optional result that is nil from no result.
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
    // The rules are in place, so lost counters of other rules are no reason to fail.
    try? socket.add(counters, table, layout)
    return Result(value: value)
  }

  /// Reads and parses a table; nil if it has changed meanwhile.
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

  /// Collects the changes and makes them in memory. Nothing that refers to the table's bytes may outlive this, or they would be
  /// copied.
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

  /// The error for a refusal of the kernel.
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
