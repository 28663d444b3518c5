// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

@testable import IPTables
@testable import IPTablesLegacy

/// A transport of iptables-legacy that uses libiptc, as the program iptables-legacy does: our own is compared with it.
struct LibiptcTransport: SingleTableTransport {
  private let lock: XTablesLock
  private let ours = LegacyTransport()

  init(lockFile: String, milliseconds: Int) { lock = XTablesLock(path: lockFile, patience: milliseconds) }

  // libiptc cannot list the tables without making them.
  func hasTables(_ family: AddressFamily) -> Bool { ours.hasTables(family) }
  func mayHold(_ table: IPTable) -> Bool { ours.mayHold(table) }

  func presence() -> IPTablesPresence { ours.presence() }
  func change<T>(
    one table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try lock.held(for: "change \(table)") { () throws(CNIError) in
      for _ in 0..<100 {
        let read = try LibiptcTable(table)
        var collected = TableEdit(table, read)
        let value = try edit(&collected)
        if collected.changes.isEmpty { return value }
        try read.apply(collected.changes)
        if try read.commit() { return value }
      }
      throw CNIError(.tryAgainLater, "change \(table): it changes faster than this change could be made")
    }
  }

  func look<T>(
    _ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    let reader: any TableReader = mayHold(table) ? try LibiptcTable(table) : EmptyTable()
    var edit = TableEdit(table, reader)
    return try body(&edit)
  }

  /// Makes the changes only in memory, because libiptc cannot let the kernel just check them.
  func rehearse(_ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void) throws(CNIError) {
    let read = try LibiptcTable(table)
    var collected = TableEdit(table, read)
    try edit(&collected)
    try read.apply(collected.changes)
  }
}

/// The transport that changes the tables of a test.
enum LegacyWriter: CaseIterable, Sendable {
  case ours, libiptc

  func transport(lockFile: String, milliseconds: Int) -> any IPTablesTransport {
    switch self {
    case .ours: LegacyTransport(lockFile: lockFile, milliseconds: milliseconds)
    case .libiptc: LibiptcTransport(lockFile: lockFile, milliseconds: milliseconds)
    }
  }
}
