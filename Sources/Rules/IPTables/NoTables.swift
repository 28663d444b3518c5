// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// The transport of a program that cannot change the tables of a variant: it has none.
package struct NoTables: SingleTableTransport {
  package init() {}

  package func presence() -> IPTablesPresence { .missing }
  package func hasTables(_ family: AddressFamily) -> Bool { false }
  package func mayHold(_ table: IPTable) -> Bool { false }
  package func change<T>(
    one table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    throw CNIError(.notAvailable, "change \(table): this program has no transport for iptables-legacy")
  }

  package func look<T>(
    _ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    var nothing = TableEdit(table, EmptyTable())
    return try body(&nothing)
  }

  package func rehearse(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) { try change(one: table, edit) }
}
