// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Glibc
import Netlink

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
    var attempts = 50
    while true {
      let session = try kernel(table) { () throws(NetlinkError) in try CompatSession.open(table) }
      var changes = TableEdit(
        find: { (chain) throws(CNIError) in
          try kernel(table) { () throws(NetlinkError) in try session?.has(chain) ?? false }
        },
        read: { (chain) throws(CNIError) in
          try kernel(table) { () throws(NetlinkError) in try session?.rules(of: chain) }
        })
      let result = try edit(&changes)
      if changes.changes.isEmpty { return result }
      guard let session else { throw CNIError(.kernelRefused, "change the \(table): the kernel has no nf_tables") }
      let messages = try session.messages(&changes)
      do {
        try session.commit(messages)
        return result
      } catch {
        attempts -= 1
        // The kernel's rules have changed since they were read.
        guard [ERESTART, EINTR, EAGAIN].contains(error.number), attempts > 0 else {
          throw CNIError(.kernelRefused, "change the \(table): \(error)")
        }
      }
    }
  }
}

private func kernel<T: ~Copyable>(
  _ table: IPTable, _ body: () throws(NetlinkError) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    throw CNIError(.kernelRefused, "read the \(table): \(error)")
  }
}
