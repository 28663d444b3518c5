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
  private let sockets = CompatSockets()

  package init() {}

  /// Whether somebody has rules there.
  func isUsed() -> Bool {
    AddressFamily.allCases.contains { family in
      IPTable.Name.allCases.contains { name in
        (try? CompatSession.open(IPTable(name, family), sockets)?.holdsRules()) ?? false
      }
    }
  }

  package func change<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    var attempt: UInt32 = 0
    while true {
      attempt += 1
      let reader = CompatReader(table, sockets)
      do throws(CNIError) {
        var changes = TableEdit(reader)
        let result = try edit(&changes)
        if changes.changes.isEmpty { return result }
        try reader.commit(&changes)
        return result
      } catch {
        // The kernel's rules have changed since they were read, or while they were.
        guard let failure = reader.failure, Self.passing.contains(failure.number), attempt < Self.attempts else {
          throw error
        }
        pause(microseconds: .random(in: 0...min(attempt, 40) * 100))
      }
    }
  }

  /// Each attempt takes far less than the pauses between them grow to, so somebody always gets through.
  private static let attempts: UInt32 = 300
  private static let passing = [ERESTART, EINTR, EAGAIN, EBUSY, ENOBUFS]
}
