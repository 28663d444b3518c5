// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import TestSupport
import Testing

@testable import IPTables

@Suite("where a host can drop what it forwards", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct IPTablesHostTests {
  private let host: Namespace

  init() throws { host = try Namespace() }

  private var canDrop: Bool {
    get throws { try host.run { try IPTablesHost().canDropForwarded() } }
  }

  /// Puts rules into a chain, which is made, and lets the one of the hook jump to it.
  private func add(_ rules: [IPTablesRule], to chain: String, _ family: AddressFamily = .ip) throws {
    try host.run {
      try NFTCompatTransport().change(IPTable(.filter, family)) { (edit) throws(CNIError) in
        if chain != "FORWARD" {
          try edit.ensureChain(chain)
          edit.append(IPTablesRule(target: .jump(chain)), to: "FORWARD")
        }
        for rule in rules { edit.append(rule, to: chain) }
      }
    }
  }

  @Test("a host without rules drops nothing, and no table is made by looking")
  func empty() throws {
    #expect(try !canDrop)
    let (nft, legacy) = host.run { (NFTCompatTransport().presence(), LegacyTransport.presence()) }
    #expect(nft == .empty && legacy != .used)
    let isThere = try host.run {
      try NFTCompatTransport().change(IPTable(.filter, .ip)) { (edit) throws(CNIError) in try edit.has("FORWARD") }
    }
    #expect(!isThere)
  }

  @Test("rules of either family drop, in the chain or in one that it jumps to", arguments: AddressFamily.allCases)
  func rules(family: AddressFamily) throws {
    try add([IPTablesRule(target: .accept), IPTablesRule(target: .return)], to: "FORWARD", family)
    #expect(try !canDrop)
    try add([IPTablesRule(target: .drop)], to: "MINE", family)
    #expect(try canDrop)
  }

  @Test("what plugins have put there drops nothing that it does not mean to")
  func plugins() throws {
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .isolated)
    try host.run {
      let backend = try IPTablesHost().firewall(IPTablesSettings(variant: .nft))
      _ = try backend.apply(wanted, onConflict: .replace) {}
    }
    #expect(try !canDrop)
    try add([IPTablesRule(target: .drop)], to: "CNI-ADMIN")
    #expect(try canDrop)
  }

  @Test("accepts are written where packets are dropped, or where the configuration says")
  func backends() throws {
    try add([IPTablesRule(target: .drop)], to: "FORWARD")
    let wanted = try FirewallScene.wanted()
    for settings in [IPTablesSettings(), IPTablesSettings(variant: .nft)] {
      let (before, after) = try host.run {
        let backend = try IPTablesHost().firewall(settings)
        try backend.probe()
        _ = try backend.apply(wanted, onConflict: .replace) {}
        let problems = try backend.verify(wanted)
        _ = try backend.remove(wanted.owner, hint: [], ports: [])
        return (problems, try backend.verify(wanted))
      }
      #expect(before.isEmpty)
      #expect(!after.isEmpty)
    }
  }
}
