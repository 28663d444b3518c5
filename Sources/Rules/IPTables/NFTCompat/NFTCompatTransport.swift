// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Glibc
import Netlink
import OS

/// Tables of iptables in nf_tables, as iptables-nft 1.8.9 lays them out and can read them.
package struct NFTCompatTransport: IPTablesTransport {
  let sockets = CompatSockets()

  package init() {}

  /// Whether the kernel can keep such tables, and somebody has rules there.
  func presence() -> IPTablesPresence {
    for family in AddressFamily.allCases {
      for name in IPTable.Name.allCases {
        do throws(NetlinkError) {
          guard let session = try CompatSession.open(IPTable(name, family), sockets) else { return .missing }
          if try session.isUsed() { return .used }
        } catch {
          // Without the capability nothing can be told, and the error will be another call's.
        }
      }
    }
    let hasMatches = try? sockets.main().socket.hasXTablesInNFTables()
    return hasMatches ?? true ? .empty : .missing
  }

  package func hasTables(_ family: AddressFamily) -> Bool { family.isOfKernel }

  package func change<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try attempt(table, edit) { (reader, changes) throws(CNIError) in try reader.commit(&changes) }
  }

  package func look<T>(
    _ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try attempt(table, body) { (_, _) throws(CNIError) in }
  }

  package func rehearse(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) {
    try attempt(table, edit) { (reader, changes) throws(CNIError) in try reader.rehearse(&changes) }
  }

  private func attempt<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T,
    _ finish: (CompatReader, inout TableEdit) throws(CNIError) -> Void
  ) throws(CNIError) -> T {
    var attempt: UInt32 = 0
    var missing = 0
    while true {
      attempt += 1
      let reader = CompatReader(table, sockets)
      do throws(CNIError) {
        var changes = TableEdit(reader)
        let result = try edit(&changes)
        if !changes.changes.isEmpty { try finish(reader, &changes) }
        return result
      } catch {
        // The kernel's rules have changed since they were read, or while they were.
        guard let failure = reader.failure, attempt < Self.attempts else { throw error }
        // A rule that was to be removed may be gone since it was found.
        missing += failure.number == ENOENT ? 1 : 0
        guard Self.isTransient(failure) || (failure.number == ENOENT && missing < 2 * FoundRules.usesLimit) else {
          throw error
        }
        pause(microseconds: .random(in: 0...min(attempt, 40) * 100))
      }
    }
  }

  /// Each attempt takes far less than the pauses between them grow to, so somebody always gets through.
  private static let attempts: UInt32 = 300

  /// Whether the same may succeed in another attempt: `ERESTART` says that the ruleset is another one by now.
  static func isTransient(_ failure: NetlinkError) -> Bool {
    [ERESTART, EINTR, EAGAIN, EBUSY, ENOBUFS].contains(failure.number)
  }
}
