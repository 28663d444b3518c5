// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Testing

@testable import Portmap

/// By which backend ports are published on a kernel without nf_tables.
@Suite struct PortmapBackendTests {
  private let nftables = RecordingBackend()
  private let iptables = RecordingBackend()
  private static let noTables = CNIError(.notAvailable, "the kernel has no nf_tables")

  /// Without masquerading nothing depends on this machine's interfaces.
  private func answer(
    _ verb: String, _ members: String = "", mappings: String? = "[\(Sample.mapping)]", has: Bool = false
  ) -> Answer {
    Sample.answer(
      verb, Sample.config(#""snat":false,"cni.dev/valid-attachments":[]"# + members, mappings: mappings), nftables,
      iptables: iptables, host: PortmapHost(hasServiceRules: { false }, hasNFTables: { has }))
  }

  @Test("without nf_tables ADD, CHECK and STATUS are those of the backend iptables, and DEL and GC succeed")
  func noNFTables() {
    nftables.failure = Self.noTables
    for verb in ["ADD", "CHECK", "STATUS", "DEL", "GC"] {
      let answer = answer(verb)
      #expect(answer.status == 0 && answer.notes.isEmpty)
    }
    #expect(iptables.applied.map(\.attachment) == [Sample.owner])
    #expect(iptables.applied.map(\.forwards) == iptables.verified.map(\.forwards))
    #expect(iptables.probes == 1)
    #expect(iptables.removed.map(\.hint.attachment) == [Sample.owner])
    #expect(iptables.collected.map(\.network) == ["net"])
  }

  @Test("without nf_tables ADD of a container with nothing to publish removes what it had in the tables of iptables")
  func nothingToPublish() {
    nftables.failure = Self.noTables
    let answer = answer("ADD", mappings: nil)
    #expect(answer.status == 0 && answer.notes.isEmpty)
    #expect(iptables.removed.map(\.hint.attachment) == [Sample.owner])
  }

  @Test("without nf_tables a host port of another container may still be an error")
  func conflict() {
    nftables.failure = Self.noTables
    iptables.failure = CNIError(.hostPortConflict, "taken")
    #expect(answer("ADD", #","hostPortConflict":"error""#).code == 100)
    #expect(iptables.policies == [.error])
  }

  @Test(
    "what only nftables can do is code 50 without nf_tables, and names the key and the kernel's lack",
    arguments: ["ADD", "CHECK", "STATUS"],
    [
      (#""backend":"nftables""#, #"backend: "nftables""#),
      (#""backend":"nftables","conditionsV4":["iifname eth0"]"#, #"backend: "nftables""#),
      (#""conditionsV4":["ip saddr 10.0.0.1","tcp sport 1"]"#, #"conditionsV4: "ip saddr 10.0.0.1 tcp sport 1""#),
      (#""conditionsV6":["iifname eth0"]"#, #"conditionsV6: "iifname eth0""#),
    ])
  func onlyNFTables(verb: String, option: (members: String, reason: String)) {
    nftables.failure = Self.noTables
    let answer = answer(verb, ",\(option.members)")
    #expect(answer.code == 50)
    #expect(answer.message == "\(option.reason) needs the backend nftables, and the kernel has no nf_tables")
    #expect(iptables.calls == 0)
  }

  @Test("where nf_tables lacks something that is the error, and no other backend is taken in silence")
  func incomplete() {
    nftables.failure = CNIError(.notAvailable, "a rule made of fib")
    for verb in ["ADD", "CHECK", "STATUS"] {
      let answer = answer(verb, has: true)
      #expect(answer.code == 50 && answer.message == "a rule made of fib")
    }
    #expect(iptables.calls == 0)
  }

  @Test("where our own table serves nobody asks whether the kernel has nf_tables")
  func notAsked() {
    var questions = 0
    let host = PortmapHost(
      hasServiceRules: { false },
      hasNFTables: {
        questions += 1
        return true
      })
    for verb in ["ADD", "CHECK", "STATUS", "DEL", "GC"] {
      let config = Sample.config(#""snat":false,"cni.dev/valid-attachments":[]"#)
      #expect(Sample.answer(verb, config, nftables, iptables: iptables, host: host).status == 0)
    }
    #expect(questions == 0)
    #expect(nftables.applied.count == 1 && iptables.applied.isEmpty)
  }

  @Test(
    "what the backend iptables fails with goes to the caller, also from DEL and GC", arguments: ["ADD", "DEL", "GC"])
  func failure(verb: String) {
    nftables.failure = Self.noTables
    iptables.failure = CNIError(.kernelRefused, "no ip_tables")
    let answer = answer(verb)
    #expect(answer.code == 101 && answer.message == "no ip_tables")
  }
}
