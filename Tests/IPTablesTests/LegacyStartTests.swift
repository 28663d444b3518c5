// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Testing

@testable import IPTables
@testable import IPTablesLegacy

/// The end of the plugins' chains, found from the first entries of a table.
@Suite("the start of a table of iptables-legacy") struct LegacyStartTests {
  /// A table with these chains, each of one rule, and one rule in a hook's chain.
  private static func contents(_ family: AddressFamily, _ chains: [String]) throws -> LegacyTable.Contents {
    var table = try LegacyTable(.init(.nat, family), GoldenTable.empty(family).contents)
    for chain in chains + ["OUTPUT"] {
      try table.apply([.makeChain(chain), .insert(IPTablesRule(target: .return), into: chain, .end)])
    }
    return GoldenTable.contents(of: try table.laidOut())
  }

  /// The offset of a chain's head; the end of the table if there is no such chain.
  private static func head(of chain: String, _ contents: LegacyTable.Contents, _ family: AddressFamily) throws -> Int {
    let table = try LegacyTable(.init(.nat, family), contents)
    return table.index(of: chain).flatMap { table.chains[$0].entries.first }.map { table.starts[$0] }
      ?? table.starts[table.starts.count - 2]
  }

  @Test(
    "the first chain after those named CNI- is found, with and without such chains, and with none after them",
    arguments: AddressFamily.allCases,
    [
      ["A", "CNI-A", "CNI-B", "DOCKER", "KUBE"], ["CNH", "CNI", "CNI-", "CNJ"], ["KUBE"], ["CNI-A"], [],
    ])
  func end(family: AddressFamily, chains: [String]) throws {
    let contents = try Self.contents(family, chains)
    let next = chains.first { $0 > "CNI-" && !$0.hasPrefix("CNI-") } ?? ""
    let expected = try Self.head(of: next, contents, family)
    #expect(contents.info.endOfPluginChains(contents.entries, EntryFormat(family)) == expected)
    // With an incomplete head, and without the rest, the end cannot be found.
    for length in 40..<contents.entries.count {
      let end = contents.info.endOfPluginChains(Array(contents.entries[..<length]), EntryFormat(family))
      #expect(end == nil || end == expected && length > expected)
      let zeros = [UInt8](repeating: 0, count: contents.entries.count - length)
      let filled = contents.info.endOfPluginChains(Array(contents.entries[..<length]) + zeros, EntryFormat(family))
      #expect(filled == nil || filled == expected && length > expected)
    }
  }

  @Test("no end is found in a table whose chains are not sorted as iptables does")
  func order() throws {
    let contents = try Self.contents(.ip, ["AAAAA", "CNI-A", "KUBE"])
    let name = try Self.head(of: "AAAAA", contents, .ip) + EntryFormat(.ip).header + EntryFormat.extensionHeader
    var bytes = contents.entries
    bytes.replaceSubrange(name..<name + 5, with: Array("CNI-B".utf8))
    #expect(contents.info.endOfPluginChains(bytes, EntryFormat(.ip)) == nil)
  }

  @Test("in every table of iptables-legacy the end is the first chain after those named CNI-")
  func golden() throws {
    for golden in GoldenTable.all {
      let table = try LegacyTable(golden.table, golden.contents)
      let names = table.sorted.map { String(decoding: table.name(of: $0), as: UTF8.self) }
      let next = names.first { $0 > "CNI-" && !$0.hasPrefix("CNI-") }
      let expected = next.flatMap { table.index(of: $0) }.flatMap { table.chains[$0].entries.first }
      let end = golden.contents.info.endOfPluginChains(golden.contents.entries, EntryFormat(golden.family))
      #expect(end == table.starts[expected ?? table.starts.count - 2])
    }
  }
}
