// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import Firewall

/// What CHECK asks and says.
extension FirewallTests {
  @Test(
    "CHECK asks the backend of ADD about the rules that ADD made",
    arguments: FirewallOptions.Backend.allCases, ["", more])
  func check(backend: FirewallOptions.Backend, members: String) {
    for hasIPTables in [false, true] {
      let recording = RecordingHost()
      recording.hasIPTables = hasIPTables
      let config = Self.config(backend, members)
      _ = Sample.answer("ADD", config, recording)
      let answer = Sample.answer("CHECK", config, recording)
      #expect(answer.status == 0)
      #expect(answer.output.isEmpty)
      for recorder in recording.backends {
        #expect(recorder.verified.map(\.asks) == recorder.applied.map(\.asks))
        #expect(recorder.verified.allSatisfy { $0.attachment == Sample.owner })
      }
      #expect(recording.backends.flatMap(\.verified).count == 1)
    }
  }

  @Test(
    "CHECK lists all that is wrong, and first what is wrong with the gate", arguments: FirewallOptions.Backend.allCases)
  func checkFails(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    recording.hasIPTables = true
    recording.gate.problems = ["the gate is closed"]
    recording.nftables.problems = ["A is missing", "B is different"]
    recording.iptables.problems = ["C is missing"]
    recording.firewalld.problems = ["D is missing"]
    let answer = Sample.answer("CHECK", Self.config(backend, Self.more), recording)
    #expect(answer.code == 102)
    let expected: [FirewallOptions.Backend: String] = [
      .nftables: "the gate is closed; A is missing; B is different", .iptables: "C is missing",
      .firewalld: "D is missing",
    ]
    #expect(answer.message == expected[backend].map { "net/id/eth0: \($0)" })
  }

  @Test(
    "chains that drop what our own table accepts are a note of CHECK and no finding",
    arguments: FirewallOptions.Backend.allCases)
  func droppingChains(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    recording.droppingChains = ["chain forward of table inet filter"]
    let answer = Sample.answer("CHECK", Self.config(backend), recording)
    #expect(answer.status == 0)
    #expect(
      answer.notes
        == (backend == .nftables
          ? ["firewall: chain forward of table inet filter drops forwarded packets that none of its own rules accepts"]
          : []))
  }
}
