// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink

/// Tables of iptables in nf_tables, as iptables-nft 1.8.9 lays them out and can read them.
package struct NFTCompatTransport: IPTablesTransport {
  let socket = CompatSocket()

  package init() {}

  /// Whether the kernel supports such tables, and whether they hold rules.
  package func presence() -> IPTablesPresence {
    for family in AddressFamily.allCases {
      for name in IPTable.Name.allCases {
        do throws(NetlinkError) {
          let netfilter = try socket.open()
          _ = try netfilter.netfilter.generation()
          if try netfilter.netfilter.isUsed(IPTable(name, family)) { return .used }
        } catch {
          if error.isNFTablesMissing { return .missing }
          // Other errors, as without the capability, are left for the next call to report.
        }
      }
    }
    let hasMatches = try? socket.open().netfilter.hasXTablesInNFTables()
    return hasMatches ?? true ? .empty : .missing
  }

  package func hasTables(_ family: AddressFamily) -> Bool { family.isOfKernel }

  package func batches(_ tables: [IPTable]) -> [[IPTable]] { tables.isEmpty ? [] : [tables] }

  package func change<T>(
    _ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> [T] {
    try repeated(tables, edit) { (attempt, edits) throws(CNIError) in try attempt.commit(&edits) }
  }

  package func look<T>(
    _ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    var result: T?
    _ = try repeated([table]) { (edit) throws(CNIError) in
      result = try body(&edit)
    } _: { (_, _) throws(CNIError) in
    }
    guard let result else { throw CNIError(.kernelRefused, "read \(table): it was not read") }
    return result
  }

  package func rehearse(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) {
    _ = try repeated([table], edit) { (attempt, edits) throws(CNIError) in try attempt.rehearse(&edits) }
  }

  private func repeated<T>(
    _ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T,
    _ finish: (CompatAttempt, inout [TableEdit]) throws(CNIError) -> Void
  ) throws(CNIError) -> [T] {
    // A rule that was to be removed may be gone since it was found.
    var attempts = Attempts(missingLimit: 2 * FoundRules.usesLimit)
    while true {
      let attempt = CompatAttempt(socket)
      do throws(CNIError) {
        var edits: [TableEdit] = []
        var results: [T] = []
        for table in tables {
          var changes = TableEdit(table, attempt.reader(of: table))
          results.append(try edit(&changes))
          edits.append(changes)
        }
        try finish(attempt, &edits)
        return results
      } catch {
        // The ruleset has changed since it was read, or while it was.
        guard let failure = attempt.failure, attempts.mayRepeat(after: failure) else { throw error }
      }
    }
  }
}
