// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite("a rule in iptables-legacy") struct LegacyRuleTests {
  /// The offset of the chain of the fixtures when they were recorded.
  private func place(_ table: IPTable) -> UInt32 {
    switch (table.name, table.family) {
    case (.nat, .ip): 784
    case (.filter, .ip): 632
    case (.nat, .ip6): 1064
    case (.filter, .ip6): 856
    }
  }

  private func jump(_ rule: IPTablesRule) -> String? {
    if case .jump(let chain) = rule.target { chain } else { nil }
  }

  @Test("has the bytes that iptables-legacy writes, and is read from them", arguments: GoldenRule.all)
  func entry(golden: GoldenRule) throws {
    let rule = try IPTablesRule(golden.words, golden.family)
    let format = EntryFormat(golden.family)
    var entry = rule.entry(format)
    if jump(rule) != nil { entry.put(place(golden.table), at: entry.count - 8) }
    #expect(entry == golden.entry)
    #expect(IPTablesRule(entry: golden.entry[...], format, jump: jump(rule)) == rule)
    // At any offset of a table.
    let other = [0, 0, 0] + golden.entry
    #expect(IPTablesRule(entry: other[3...], format, jump: jump(rule)) == rule)
  }

  @Test("is another one, or none that we write, if anything in it is different", arguments: AddressFamily.allCases)
  func different(family: AddressFamily) throws {
    let format = EntryFormat(family)
    for golden in GoldenRule.all.filter({ $0.family == family }).prefix(60) {
      let rule = try IPTablesRule(golden.words, golden.family)
      let kernels = format.targetOffset - 4..<format.header
      let verdict = golden.entry.count - 8..<golden.entry.count
      let unseen = golden.entry.indices.filter { index in
        if kernels.contains(index) || jump(rule) != nil && verdict.contains(index) { return false }
        var entry = golden.entry
        entry[index] ^= 1 << UInt8.random(in: 0..<8)
        return IPTablesRule(entry: entry[...], format, jump: jump(rule)) == rule
      }
      #expect(unseen == [], "bytes of \(golden.text)")
      // The kernel's own fields and counters do not matter.
      var entry = golden.entry
      let sizes = format.targetOffset..<format.targetOffset + 4
      for index in kernels where !sizes.contains(index) { entry[index] = 0xff }
      #expect(IPTablesRule(entry: entry[...], format, jump: jump(rule)) == rule)
    }
  }

  @Test("with a mask that is no prefix, a fragment, a goto or a type of service is none that we write")
  func foreign() throws {
    for (family, bytes) in [(AddressFamily.ip, [82, 82]), (.ip6, [130, 131])] {
      let format = EntryFormat(family)
      let entry = try IPTablesRule(["-s", family == .ip ? "10.0.0.0/8" : "fd00::/8"], family).entry(format)
      #expect(IPTablesRule(entry: entry[...], format, jump: nil) != nil)
      // IPT_F_FRAG and IPT_F_GOTO; a type of service, and IP6T_F_GOTO.
      for (byte, value) in zip(bytes, [1, family == .ip ? 2 : 4] as [UInt8]) {
        var changed = entry
        changed[byte] |= value
        #expect(IPTablesRule(entry: changed[...], format, jump: nil) == nil)
      }
      var gap = entry
      gap[2 * format.address + 2] = 0xff
      #expect(IPTablesRule(entry: gap[...], format, jump: nil) == nil)
    }
  }

  @Test("is none that we write if it is cut off anywhere", arguments: AddressFamily.allCases)
  func truncated(family: AddressFamily) {
    let format = EntryFormat(family)
    for golden in GoldenRule.all.filter({ $0.family == family }).prefix(40) {
      let read = golden.entry.indices.compactMap {
        IPTablesRule(entry: golden.entry[..<$0], format, jump: "CHAIN")
      }
      #expect(read == [])
    }
  }

  @Test("never traps, whatever the bytes are", arguments: AddressFamily.allCases)
  func random(family: AddressFamily) {
    let format = EntryFormat(family)
    for _ in 0..<5_000 {
      var entry = GoldenRule.all.randomElement()?.entry ?? []
      for _ in 0..<Int.random(in: 1...8) {
        entry[Int.random(in: Bool.random() ? 0..<entry.count : format.targetOffset..<min(entry.count, 220))] = .random(
          in: 0 ... .max)
      }
      _ = IPTablesRule(entry: entry.dropLast(Int.random(in: 0...20)), format, jump: nil)
    }
  }
}
