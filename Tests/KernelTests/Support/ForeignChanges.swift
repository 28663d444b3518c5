// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Netlink
import OS
import Synchronization
import TestSupport

/// Another program that changes an unrelated table of nftables 200 times a second.
final class ForeignChanges: Sendable {
  private let isWanted = Atomic<Bool>(true)
  private let hasEnded = Atomic<Bool>(false)
  private let count = Atomic<Int>(0)

  /// Changes the table in the namespace while `body` runs, and returns the number of changes.
  static func during(in namespace: Namespace, _ body: () throws -> Void) throws -> Int {
    try namespace.command("nft", "add table ip unrelated; add chain ip unrelated rules")
    let changes = ForeignChanges()
    // A thread, because tasks wait for each other while a test blocks a thread.
    try startThread {
      // A failure shows in the number of changes.
      try? namespace.run { try changes.run() }
      changes.hasEnded.store(true, ordering: .releasing)
    }
    defer {
      changes.isWanted.store(false, ordering: .relaxed)
      while !changes.hasEnded.load(ordering: .acquiring) { usleep(1000) }
    }
    try body()
    return changes.count.load(ordering: .relaxed)
  }

  private func run() throws {
    let socket = try NetfilterSocket.open()
    while isWanted.load(ordering: .relaxed) {
      var message = NetlinkMessage(nfTables: NFT_MSG_NEWRULE, flags: NLM_F_CREATE | NLM_F_APPEND, family: 2)
      message.attribute(NFTA_RULE_TABLE.rawValue, text: "unrelated")
      message.attribute(NFTA_RULE_CHAIN.rawValue, text: "rules")
      try socket.commit([message])
      count.add(1, ordering: .relaxed)
      usleep(5000)
    }
  }
}
