// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Rules
import Testing

@testable import Firewall

/// ADD and CHECK.
@Suite struct FirewallTests {
  /// What only our own table can do.
  private static let more = #""dropInvalid":true,"denyDestinations":["192.0.2.0/24"]"#

  private static func config(
    _ backend: FirewallOptions.Backend, _ members: String = "", addresses: [String]? = Sample.dual
  ) -> String {
    Sample.config(#""backend":"\#(backend.rawValue)""# + (members.isEmpty ? "" : ",\(members)"), addresses: addresses)
  }

  /// The rules that a configuration asks for on no bridge.
  private static func rules(_ members: String) throws -> [Rule] {
    try FirewallOptions(try Sample.network(Sample.config(members))).rules(for: try Sample.addresses(), on: nil)
  }

  @Test(
    "ADD asks one backend for all rules, and passes the result through with all that is in it",
    arguments: [FirewallOptions.Backend.nftables, .firewalld], ["", more])
  func add(backend: FirewallOptions.Backend, members: String) throws {
    let recording = RecordingHost()
    let answer = Sample.answer("ADD", Self.config(backend, members), recording)
    #expect(answer.status == 0)
    #expect(answer.notes.isEmpty)
    #expect(answer.json == (try JSON(Sample.result(Sample.dual, version: "1.1.0"))))
    #expect(recording.events.all == ["\(backend) apply", "\(backend) applied"])
    let used = backend == .nftables ? recording.nftables : recording.firewalld
    #expect(used.applied.map(\.owner) == [Sample.owner])
    #expect(used.applied.map(\.rules) == [try Self.rules(members)])
    #expect(used.policies == [.replace])
    #expect(recording.zones == (backend == .nftables ? [] : ["trusted"]))
  }

  @Test("with iptables ADD has our own table hold the rest within the same change")
  func addByIPTables() throws {
    let recording = RecordingHost()
    let answer = Sample.answer("ADD", Self.config(.iptables, Self.more), recording)
    #expect(answer.status == 0)
    #expect(answer.json == (try JSON(Sample.result(Sample.dual, version: "1.1.0"))))
    #expect(recording.events.all == ["iptables apply", "nftables apply", "nftables applied", "iptables applied"])
    let accepts = Sample.accepts(try Sample.addresses())
    #expect(recording.iptables.applied.map(\.rules) == [accepts])
    #expect(recording.nftables.applied.map(\.rules) == [try Self.rules(Self.more).filter { !accepts.contains($0) }])
    #expect(recording.nftables.applied.map(\.owner) == [Sample.owner])
    #expect(recording.iptables.policies == [.replace] && recording.nftables.policies == [.replace])
  }

  @Test("an ADD by iptables changes our own table only if something is to be in it, or was")
  func addBeside() throws {
    for (members, isRecorded, rules) in [("", false, nil), ("", true, 0), (Self.more, false, 3)] {
      let recording = RecordingHost()
      if isRecorded { recording.nftables.owned = .success([ForwardAccept(try Sample.address("10.22.0.5"))]) }
      #expect(Sample.answer("ADD", Self.config(.iptables, members), recording).status == 0)
      #expect(recording.nftables.applied.map(\.rules.count) == (rules.map { [$0] } ?? []))
    }
  }

  @Test("what our own table refuses undoes what was written into iptables' and is the answer")
  func addUndone() {
    let recording = RecordingHost()
    recording.nftables.failure = CNIError(.kernelRefused, "no")
    let answer = Sample.answer("ADD", Self.config(.iptables, Self.more), recording)
    #expect(answer.code == 101)
    #expect(answer.message == "no")
    #expect(recording.events.all == ["iptables apply", "nftables apply", "iptables undo"])
  }

  @Test(
    "an ADD by another backend first takes addresses out of firewalld's zones",
    arguments: FirewallOptions.Backend.allCases)
  func leaveZones(backend: FirewallOptions.Backend) throws {
    let address = try Sample.address("10.22.0.5")
    for zone in [nil, "internal"] {
      let recording = RecordingHost()
      recording.nftables.owned = .success([ForwardAccept(address, zone: zone)])
      #expect(Sample.answer("ADD", Self.config(backend), recording).status == 0)
      let isLeft = zone != nil && backend != .firewalld
      #expect(recording.events.all.first == (isLeft ? "firewalld remove" : "\(backend) apply"))
      #expect(recording.firewalld.removed.map(\.owner) == (isLeft ? [Sample.owner] : []))
    }
  }

  @Test("where it cannot be told what is in a zone, or it cannot be taken out, ADD fails before anything is changed")
  func leaveZonesFails() throws {
    let refused = CNIError(.kernelRefused, "no")
    let unknown = RecordingHost()
    unknown.nftables.owned = .failure(refused)
    #expect(Sample.answer("ADD", Self.config(.iptables), unknown).code == 101)
    #expect(unknown.events.all.isEmpty)
    let kept = RecordingHost()
    kept.nftables.owned = .success([ForwardAccept(try Sample.address("10.22.0.5"), zone: "internal")])
    kept.firewalld.failure = refused
    #expect(Sample.answer("ADD", Self.config(.nftables), kept).code == 101)
    #expect(kept.events.all == ["firewalld remove"])
    let noTables = RecordingHost()
    noTables.nftables.owned = .failure(CNIError(.notAvailable, "no nf_tables"))
    #expect(Sample.answer("ADD", Self.config(.iptables), noTables).status == 0)
  }

  @Test("with iptables a kernel without our table is enough unless something is to be in it")
  func addWithoutTables() {
    for (members, code) in [("", nil), (Self.more, 50)] {
      let recording = RecordingHost()
      recording.nftables.failure = CNIError(.notAvailable, "no nf_tables")
      #expect(Sample.answer("ADD", Self.config(.iptables, members), recording).code == code)
      #expect(recording.events.all.last == (code == nil ? "iptables applied" : "iptables undo"))
    }
  }

  @Test(
    "the backend is the host's unless the configuration names it",
    arguments: [
      (false, false, "", .nftables), (false, true, "", .iptables), (true, true, "", .firewalld),
      (false, false, #""iptablesAdminChainName":"X""#, .iptables), (true, true, #""backend":"nftables""#, .nftables),
    ] as [(Bool, Bool, String, FirewallOptions.Backend)])
  func choice(isRunning: Bool, canDrop: Bool, members: String, expected: FirewallOptions.Backend) {
    for (verb, operation) in [("ADD", "apply"), ("CHECK", "verify"), ("STATUS", "probe")] {
      let recording = RecordingHost()
      (recording.isFirewalldRunning, recording.canIPTablesDrop) = (isRunning, canDrop)
      #expect(Sample.answer(verb, Sample.config(members), recording).status == 0)
      #expect(recording.events.all.first == "\(expected) \(operation)")
    }
  }

  @Test("backends are made with what the configuration says of them", arguments: ["ADD", "CHECK", "STATUS"])
  func settings(verb: String) throws {
    let recording = RecordingHost()
    let members = #""iptablesVariant":"legacy","iptablesAdminChainName":"X","firewalldZone":"internal""#
    _ = Sample.answer(verb, Self.config(.iptables, members), recording)
    #expect(recording.settings.map(\.variant) == [.legacy])
    #expect(recording.settings.map(\.adminChain) == ["X"])
    _ = Sample.answer(verb, Self.config(.firewalld, members), recording)
    #expect(recording.zones == ["internal"])
  }

  @Test("what cannot be made or asked is the answer", arguments: ["ADD", "CHECK"], ["", #""backend":"iptables""#])
  func noBackend(verb: String, members: String) {
    let recording = RecordingHost()
    recording.iptablesFailure = CNIError(.kernelRefused, "no table")
    let answer = Sample.answer(verb, Sample.config(members), recording)
    #expect(answer.code == 101)
    #expect(answer.message == "no table")
    #expect(recording.events.all.isEmpty)
  }

  @Test("ADD says on stderr which addresses it took over, from whom", arguments: FirewallOptions.Backend.allCases)
  func takeover(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    for recorder in recording.backends {
      recorder.takeovers = [
        Takeover(of: "10.22.0.5", previous: "net/old/eth0"), Takeover(of: "fd00::5", previous: "a/b/c"),
      ]
    }
    let answer = Sample.answer("ADD", Self.config(backend), recording)
    #expect(answer.status == 0)
    #expect(
      answer.notes == [
        "firewall: 10.22.0.5 taken over from net/old/eth0", "firewall: fd00::5 taken over from a/b/c",
      ])
  }

  @Test("a container without addresses has what it had before removed, and its result passed through")
  func noAddresses() throws {
    let recording = RecordingHost()
    let answer = Sample.answer("ADD", Self.config(.nftables, Self.more, addresses: []), recording)
    #expect(answer.json == (try JSON(Sample.result([], version: "1.1.0"))))
    #expect(recording.nftables.applied.map(\.rules) == [[]])
  }

  @Test("ADD and CHECK without a previous result are code 7", arguments: ["ADD", "CHECK"])
  func noPreviousResult(verb: String) {
    let recording = RecordingHost()
    let answer = Sample.answer(verb, Sample.config(addresses: nil), recording)
    #expect(answer.code == 7)
    #expect(
      answer.message
        == "prevResult: expected the result of the plugins before (firewall is a chained plugin), found nothing")
    #expect(recording.events.all.isEmpty)
  }

  @Test("bad options are refused before anything is touched", arguments: ["ADD", "CHECK", "STATUS"])
  func badOptions(verb: String) {
    for (members, message) in [
      (#""backend":"ebtables""#, #"backend: expected one of nftables, iptables, firewalld, found "ebtables""#),
      (
        #""denyDestinations":["x"]"#,
        #"denyDestinations[0]: expected an address or a prefix, such as 192.0.2.0/24, found "x""#
      ),
    ] {
      let recording = RecordingHost()
      let answer = Sample.answer(verb, Sample.config(members), recording)
      #expect(answer.code == 7)
      #expect(answer.message == message)
      #expect(recording.events.all.isEmpty)
    }
  }
}

// MARK: - CHECK

extension FirewallTests {
  @Test(
    "CHECK asks about the rules that ADD made, our own table only if something is to be in it",
    arguments: FirewallOptions.Backend.allCases, ["", more])
  func check(backend: FirewallOptions.Backend, members: String) {
    let recording = RecordingHost()
    let config = Self.config(backend, members)
    _ = Sample.answer("ADD", config, recording)
    let answer = Sample.answer("CHECK", config, recording)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    for recorder in recording.backends {
      let applied = recorder.applied.map(\.rules)
      #expect(recorder.verified.map(\.rules) == applied.filter { !$0.isEmpty })
      #expect(recorder.verified.allSatisfy { $0.owner == Sample.owner })
    }
    #expect(recording.backends.contains { !$0.verified.isEmpty })
  }

  @Test("CHECK lists all that is wrong, in each table", arguments: FirewallOptions.Backend.allCases)
  func checkFails(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    recording.nftables.problems = ["A is missing", "B is different"]
    recording.iptables.problems = ["C is missing"]
    recording.firewalld.problems = ["D is missing"]
    let answer = Sample.answer("CHECK", Self.config(backend, Self.more), recording)
    #expect(answer.code == 102)
    let expected: [FirewallOptions.Backend: String] = [
      .nftables: "A is missing; B is different", .iptables: "C is missing; A is missing; B is different",
      .firewalld: "D is missing",
    ]
    #expect(answer.message == expected[backend].map { "net/id/eth0: \($0)" })
  }
}
