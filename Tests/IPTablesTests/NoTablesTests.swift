// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite struct NoTablesTests {
  private let none = NoTables()
  private let table = IPTable(.filter, .ip)

  @Test("without a transport there are no tables and no rules, and nothing can be changed")
  func nothing() throws {
    #expect(none.presence() == .missing)
    #expect(!none.hasTables(.ip) && !none.mayHold(table) && !none.mayHold(table, anyOf: ["CNI-FORWARD"]))
    #expect(try none.look(table) { (table) throws(CNIError) in try !table.has("FORWARD") })
    let error = #expect(throws: CNIError.self) {
      try none.change(table) { (table) throws(CNIError) in try table.ensureChain("X") }
    }
    #expect(error?.code == .notAvailable)
    #expect(throws: CNIError.self) { try none.rehearse(table) { _ in } }
  }

  @Test(
    "a host whose kernel supports tables in nf_tables uses these if there are no others",
    arguments: [IPTablesPresence.empty, .used])
  func variant(nft: IPTablesPresence) {
    #expect(IPTablesSettings.Variant.chosen(nft: nft, legacy: none.presence()) { .legacy } == .nft)
  }
}
