// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Rules
import Testing

@testable import Firewall

/// ADD and CHECK.
@Suite struct FirewallTests {
  /// What only our own table can do.
  static let more = #""dropInvalid":true,"denyDestinations":["192.0.2.0/24"]"#

  static func config(
    _ backend: FirewallOptions.Backend, _ members: String = "", addresses: [String]? = Sample.dual
  ) -> String {
    Sample.config(#""backend":"\#(backend.rawValue)""# + (members.isEmpty ? "" : ",\(members)"), addresses: addresses)
  }

  /// The rules that a configuration asks for on no bridge.
  private static func rules(_ members: String) throws -> [Ask] {
    try FirewallOptions(try Sample.network(Sample.config(members)))
      .request(of: Sample.owner, for: try Sample.addresses(), at: nil).asks
  }

  @Test(
    "ADD asks one backend for all rules, and passes the result through with all that is in it",
    arguments: FirewallOptions.Backend.allCases, ["", more])
  func add(backend: FirewallOptions.Backend, members: String) throws {
    let recording = RecordingHost()
    let answer = Sample.answer("ADD", Self.config(backend, members), recording)
    #expect(answer.status == 0)
    #expect(answer.notes.isEmpty)
    #expect(answer.json?.canonicalResult == (try JSON(Sample.result(Sample.dual, version: "1.1.0")).canonicalResult))
    #expect(recording.events.all == ["\(backend) apply", "\(backend) applied"])
    let used = recording[backend]
    #expect(used.applied.map(\.attachment) == [Sample.owner])
    #expect(used.applied.map(\.asks) == [try Self.rules(members)])
    #expect(recording.zones == (backend == .firewalld ? ["trusted"] : []))
  }

  @Test(
    "an ADD by another backend first takes addresses out of firewalld's zones",
    arguments: FirewallOptions.Backend.allCases)
  func leaveZones(backend: FirewallOptions.Backend) throws {
    let address = try Sample.address("10.22.0.5")
    for zone in [nil, "internal"] {
      let recording = RecordingHost()
      recording.nftables.recorded = .success(AttachmentRecord(accepts: [ForwardAccept(address, zone: zone)], ports: []))
      #expect(Sample.answer("ADD", Self.config(backend), recording).status == 0)
      let isLeft = zone != nil && backend != .firewalld
      #expect(recording.events.all.first == (isLeft ? "firewalld leave" : "\(backend) apply"))
      #expect(recording.firewalld.left.map(\.accepts) == (isLeft ? [[ForwardAccept(address, zone: zone)]] : []))
      #expect(recording.firewalld.removed.isEmpty)
    }
  }

  @Test("where it cannot be told what is in a zone, or it cannot be taken out, ADD fails before anything is changed")
  func leaveZonesFails() throws {
    let refused = CNIError(.kernelRefused, "no")
    for backend in FirewallOptions.Backend.allCases {
      let unknown = RecordingHost()
      unknown.nftables.recorded = .failure(refused)
      #expect(Sample.answer("ADD", Self.config(backend), unknown).code == 101)
      #expect(unknown.events.all.isEmpty)
    }
    let kept = RecordingHost()
    let accept = ForwardAccept(try Sample.address("10.22.0.5"), zone: "internal")
    kept.nftables.recorded = .success(AttachmentRecord(accepts: [accept], ports: []))
    kept.firewalld.failure = refused
    #expect(Sample.answer("ADD", Self.config(.nftables), kept).code == 101)
    #expect(kept.events.all == ["firewalld leave"])
  }

  @Test(
    "the backend is firewalld where it runs, else our own table, else iptables, unless the configuration names it",
    arguments: [
      (false, true, "", .nftables), (false, false, "", .iptables), (true, true, "", .firewalld),
      (false, true, #""iptablesAdminChainName":"X""#, .nftables), (true, true, #""backend":"nftables""#, .nftables),
      (false, true, #""backend":"iptables""#, .iptables),
    ] as [(Bool, Bool, String, FirewallOptions.Backend)])
  func choice(isRunning: Bool, hasNFTables: Bool, members: String, expected: FirewallOptions.Backend) {
    for (verb, operation) in [("ADD", "apply"), ("CHECK", "verify"), ("STATUS", "probe")] {
      let recording = RecordingHost()
      recording.isFirewalldRunning = isRunning
      if !hasNFTables { recording.nftables.recorded = .success(nil) }
      #expect(Sample.answer(verb, Sample.config(members), recording).status == 0)
      #expect(recording.events.all.first == "\(expected) \(operation)")
    }
  }

  @Test("by our own table a chain of iptables' administrator is asked before it, by firewalld it is not, says a note")
  func adminChain() {
    for (backend, notes) in [
      (FirewallOptions.Backend.nftables, []), (.iptables, []),
      (.firewalld, ["firewall: iptablesAdminChainName: the backend firewalld ignores it"]),
    ] {
      let recording = RecordingHost()
      let answer = Sample.answer("ADD", Self.config(backend, #""iptablesAdminChainName":"X""#), recording)
      #expect(answer.status == 0)
      #expect(answer.notes == notes)
    }
  }

  @Test("an address on an interface without sandbox gets no accept, and a note says so", arguments: ["ADD", "CHECK"])
  func ofHost(verb: String) throws {
    let result =
      #"{"cniVersion":"1.1.0","interfaces":[{"name":"cni0"},{"name":"eth0","sandbox":"/x"}],"#
      + #""ips":[{"address":"10.22.0.1/16","interface":0},{"address":"10.22.0.5/16","interface":1}]}"#
    let recording = RecordingHost()
    let answer = Sample.answer(verb, Sample.config(addresses: nil, result: result), recording)
    #expect(answer.status == 0)
    #expect(
      answer.notes == [
        "firewall: 10.22.0.1 is not accepted: prevResult has it on an interface of the host, one without sandbox"
      ])
    let rules = (recording.nftables.applied + recording.nftables.verified).map(\.asks)
    #expect(rules == [Sample.accepts([try Sample.address("10.22.0.5")])])
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

  @Test("what cannot be made or asked is the answer", arguments: ["ADD", "CHECK"])
  func noBackend(verb: String) {
    let recording = RecordingHost()
    recording.iptablesFailure = CNIError(.kernelRefused, "no table")
    let answer = Sample.answer(verb, Self.config(.iptables), recording)
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
    #expect(answer.json?.canonicalResult == (try JSON(Sample.result([], version: "1.1.0")).canonicalResult))
    #expect(recording.nftables.applied.map(\.asks) == [[]])
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
