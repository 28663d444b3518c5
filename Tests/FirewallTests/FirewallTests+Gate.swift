// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import Firewall

/// What lets packets pass FORWARD.
extension FirewallTests {
  @Test(
    "the gate is opened for the families of the addresses, before our own table marks what it accepts",
    arguments: [
      (["10.22.0.5/16"], [AddressFamily.ip]), (["fd00::5/64"], [.ip6]), (["fd00::5/64", "10.22.0.5/16"], [.ip, .ip6]),
      ([], []),
    ])
  func gate(addresses: [String], families: [AddressFamily]) {
    let recording = RecordingHost()
    recording.hasIPTables = true
    #expect(Sample.answer("ADD", Sample.config(addresses: addresses), recording).status == 0)
    #expect(recording.events.all == ["gate open", "nftables apply", "nftables applied"])
    #expect(recording.gate.opened == [families])
    #expect(recording.nftables.applied.map { $0.asks.last } == [.markAccepted(bit: 12)])
    #expect(Sample.answer("CHECK", Sample.config(addresses: addresses), recording).status == 0)
    #expect(recording.gate.checked == [families])
  }

  @Test(
    "it has the bit, the variant and the administrator's chain of the configuration",
    arguments: ["ADD", "CHECK", "STATUS"])
  func gateSettings(verb: String) {
    let recording = RecordingHost()
    recording.hasIPTables = true
    let members = #""iptablesVariant":"legacy","iptablesAdminChainName":"X","acceptMarkBit":7"#
    #expect(Sample.answer(verb, Sample.config(members), recording).status == 0)
    #expect(recording.gates.map(\.bit) == [7])
    #expect(recording.gates.map(\.settings.variant) == [.legacy])
    #expect(recording.gates.map(\.settings.adminChain) == ["X"])
    let wanted = recording.nftables.applied + recording.nftables.verified
    #expect(wanted.allSatisfy { $0.asks.contains(.markAccepted(bit: 7)) })
  }

  @Test("a host without iptables has no gate, and nothing is marked")
  func noGate() {
    let recording = RecordingHost()
    #expect(Sample.answer("ADD", Sample.config(), recording).status == 0)
    #expect(recording.gates.count == 1)
    #expect(recording.nftables.applied.allSatisfy { !$0.asks.contains(.markAccepted(bit: 12)) })
  }

  @Test(
    "other backends ask for no gate", arguments: [FirewallOptions.Backend.iptables, .firewalld],
    ["ADD", "CHECK", "STATUS"])
  func otherBackends(backend: FirewallOptions.Backend, verb: String) {
    let recording = RecordingHost()
    recording.hasIPTables = true
    #expect(Sample.answer(verb, Self.config(backend), recording).status == 0)
    #expect(recording.gates.isEmpty)
  }

  @Test("a gate that cannot be opened fails ADD, and our own table is not touched")
  func gateFails() {
    let recording = RecordingHost()
    recording.hasIPTables = true
    recording.gate.failure = CNIError(.kernelRefused, "no table")
    let answer = Sample.answer("ADD", Sample.config(), recording)
    #expect(answer.code == 101 && answer.message == "no table")
    #expect(recording.nftables.applied.isEmpty)
  }
}
