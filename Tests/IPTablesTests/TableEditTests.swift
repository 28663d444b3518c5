// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

@Suite struct TableEditTests {
  private static let table = IPTable(.filter, .ip)

  private let tables = MemoryTransport()

  /// Whether a forwarded packet can be dropped, apart from chains whose names have this prefix.
  private func canDrop(leavingOut prefix: String = "CNI-") throws -> Bool {
    try tables.change(Self.table) { (edit) throws(CNIError) in
      try edit.canDrop(in: "FORWARD") { $0.hasPrefix(prefix) }
    }
  }

  private func append(_ rules: String..., to chain: String) throws {
    try tables.append(rules, to: chain, of: Self.table)
  }

  @Test("nothing drops in a table without rules, or without the chain")
  func empty() throws {
    #expect(try !canDrop())
    try append("-s 10.0.0.1/32 -j ACCEPT", "-j RETURN", to: "FORWARD")
    #expect(try !canDrop())
  }

  @Test("a policy drops, of the chain and of no other")
  func policy() throws {
    tables.policies = ["INPUT": .drop]
    #expect(try !canDrop())
    tables.policies = ["FORWARD": .drop]
    #expect(try canDrop())
  }

  @Test("a rule drops, in the chain and in no other that nothing jumps to")
  func rule() throws {
    try append("-j DROP", to: "INPUT")
    try append("-j DROP", to: "MINE")
    try append("-j ACCEPT", to: "FORWARD")
    #expect(try !canDrop())
    try append("-s 10.0.0.1/32 -j DROP", to: "FORWARD")
    #expect(try canDrop())
  }

  @Test("a chain drops that is jumped to, however far, and also if chains jump to one another in a circle")
  func nested() throws {
    try append("-j A", "-j NONE", to: "FORWARD")
    try append("-j B", "-j A", to: "A")
    try append("-j A", "-j ACCEPT", to: "B")
    #expect(try !canDrop())
    try append("-j DROP", to: "B")
    #expect(try canDrop())
  }

  @Test("chains that are left out drop nothing, nor do those that only they jump to")
  func leftOut() throws {
    try append("-j CNI-FORWARD", "-j OTHER", to: "FORWARD")
    try append("-j DROP", "-j DEEP", to: "CNI-FORWARD")
    try append("-j DROP", to: "DEEP")
    try append("-j CNI-FORWARD", to: "OTHER")
    #expect(try !canDrop())
    #expect(try canDrop(leavingOut: "KUBE-"))
    try append("-j DEEP", to: "OTHER")
    #expect(try canDrop())
  }

  @Test("with patterns only rules that contain one are returned")
  func patterns() throws {
    try append("-j RETURN", "-s 10.22.0.5/32 -j ACCEPT", "-d 10.22.0.6/32 -j ACCEPT", "-i cni0 -j X", to: "MINE")
    func found(_ patterns: [[UInt8]]) throws -> [String] {
      try tables.change(Self.table) { (edit) throws(CNIError) in
        try edit.rules(of: "MINE", holding: patterns).compactMap { $0.rule?.text }
      }
    }
    #expect(try found([]) == [])
    #expect(try found([[10, 22, 0, 6]]) == ["-d 10.22.0.6/32 -j ACCEPT"])
    #expect(try found([Array("cni0".utf8), [10, 22, 0, 5]]).count == 2)
  }

  @Test("rules are returned up to the last wanted one, and counted with the jumps to their chain")
  func looking() throws {
    try append("-s 10.0.0.1/32 -j RETURN", "-j ACCEPT", "-j DROP", to: "MINE")
    try append("-j MINE", "-j MINE", "-j OTHER", to: "FORWARD")
    try append("-j RETURN", to: "OTHER")
    try tables.change(Self.table) { (edit) throws(CNIError) in
      let some = try edit.rules(of: "MINE", holding: nil) { $0.rule?.target == .accept }
      #expect(some.count == 2)
      #expect(try edit.uses(of: "MINE") == 5)
      #expect(try edit.uses(of: "OTHER") == 2)
      #expect(try edit.uses(of: "NONE") == 0)
      #expect(
        try edit.allRules(holding: nil).map(\.chain) == [
          "FORWARD", "FORWARD", "FORWARD", "MINE", "MINE", "MINE", "OTHER",
        ])
      #expect(try edit.allRules(holding: [[10, 0, 0, 1]]).map(\.chain) == ["MINE"])
      #expect(try edit.chains(withPrefix: "M") == ["MINE"])
    }
  }

  @Test("a chain that was read as a whole is not read again for patterns")
  func known() throws {
    try append("-j RETURN", "-j ACCEPT", to: "MINE")
    try tables.change(Self.table) { (edit) throws(CNIError) in
      #expect(try edit.rules(of: "MINE", holding: []).isEmpty)
      #expect(try edit.rules(of: "MINE")?.count == 2)
      #expect(try edit.rules(of: "MINE", holding: []).count == 2)
      #expect(try edit.rules(of: "NONE", holding: []).isEmpty)
      #expect(try edit.rules(of: "NONE") == nil)
      #expect(try edit.has("MINE"))
      #expect(try !edit.has("NONE"))
    }
  }

  @Test("several chains can be asked for at once, once each, and an empty one is not read")
  func states() throws {
    let reader = CountingReader()
    var edit = TableEdit(IPTable(.filter, .ip), reader)
    try edit.look(at: ["A", "EMPTY", "NONE"])
    try edit.look(at: ["A", "B"])
    #expect(try edit.has("A") && edit.has("EMPTY") && !edit.has("NONE"))
    #expect(try edit.uses(of: "A") == 1 && edit.uses(of: "NONE") == 0)
    #expect(try edit.rules(of: "EMPTY") == [] && edit.rules(of: "NONE") == nil && edit.rules(of: "A") == [])
    #expect(reader.asked == ["A", "EMPTY", "NONE", "B"])
    #expect(reader.read == ["A"])
  }

  @Test("a chain is made once, however often it is ensured")
  func chains() throws {
    try append("-j RETURN", to: "MINE")
    let changes = try tables.change(Self.table) { (edit) throws(CNIError) in
      for chain in ["NEW", "MINE", "NEW"] { try edit.ensureChain(chain) }
      edit.removeChain("MINE")
      return edit.discard()
    }
    #expect(changes == ["the chain NEW is missing", "there is an unexpected chain MINE"])
    #expect(tables.commits == 0)
  }
}

/// Chains without rules, of which only `EMPTY` reports that it has none; records requests.
private final class CountingReader: TableReader {
  private(set) var asked: [String] = []
  private(set) var read: [String] = []

  func states(of chains: [String]) -> [ChainState] {
    asked += chains
    return chains.filter { $0 != "NONE" }.map {
      ChainState(name: $0, uses: $0 == "EMPTY" ? 0 : 1, isDropping: false)
    }
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] {
    read.append(chain)
    return []
  }

  func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] { [] }
  func chains(withPrefix prefix: String) -> [String] { [] }
}
