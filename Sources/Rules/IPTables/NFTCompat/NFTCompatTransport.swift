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
  package init() {}

  /// Whether somebody has rules there.
  static func isUsed() -> Bool {
    AddressFamily.allCases.contains { family in
      IPTable.Name.allCases.contains { name in
        (try? CompatSession.open(IPTable(name, family))?.holdsRules()) ?? false
      }
    }
  }

  package func change<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    var attempt: UInt32 = 0
    while true {
      attempt += 1
      var failure: NetlinkError?
      func kernel<R: ~Copyable>(_ body: () throws(NetlinkError) -> R) throws(CNIError) -> R {
        do {
          return try body()
        } catch {
          failure = error
          throw CNIError(.kernelRefused, "read the \(table): \(error)\(Self.hint(error))")
        }
      }
      do throws(CNIError) {
        let session = try kernel { () throws(NetlinkError) in try CompatSession.open(table) }
        var changes = TableEdit(
          TableEdit.Reader(
            find: { (chain) throws(CNIError) in
              try kernel { () throws(NetlinkError) in try session?.has(chain) ?? false }
            },
            read: { (chain, needles) throws(CNIError) in
              try kernel { () throws(NetlinkError) in try session?.rules(of: chain, holding: needles) }
            },
            isDropping: { (chain) throws(CNIError) in
              try kernel { () throws(NetlinkError) in try session?.isDropping(chain) ?? false }
            }))
        let result = try edit(&changes)
        if changes.changes.isEmpty { return result }
        guard let session else { throw CNIError(.kernelRefused, "change the \(table): the kernel has no nf_tables") }
        let messages = try session.messages(&changes)
        do {
          try session.commit(messages)
        } catch {
          failure = error
          throw CNIError(.kernelRefused, "change the \(table): \(error)\(Self.hint(error))")
        }
        return result
      } catch {
        // The kernel's rules have changed since they were read, or while they were.
        guard let failure, Self.passing.contains(failure.number), attempt < Self.attempts else { throw error }
        pause(microseconds: .random(in: 0...min(attempt, 40) * 100))
      }
    }
  }

  /// Each attempt takes far less than the pauses between them grow to, so somebody always gets through.
  private static let attempts: UInt32 = 300
  private static let passing = [ERESTART, EINTR, EAGAIN, EBUSY, ENOBUFS]

  private static func hint(_ error: NetlinkError) -> String {
    error.number == EPERM ? "; it needs CAP_NET_ADMIN in the host's network namespace" : ""
  }
}
