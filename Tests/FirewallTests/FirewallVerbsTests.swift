// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import Rules
import Testing

@testable import Firewall

/// DEL, GC and STATUS.
@Suite struct FirewallVerbsTests {
  /// Expects that DEL succeeds, and returns the hint that the backends were given.
  private static func hint(_ config: String, _ recording: RecordingHost = RecordingHost()) throws -> [Ask] {
    let answer = Sample.answer("DEL", config, recording)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty && answer.notes.isEmpty)
    #expect(recording.events.all == ["firewalld leave", "iptables remove"])
    let hint = try #require(recording.iptables.removed.first)
    #expect(hint.attachment == Sample.owner)
    // With nothing recorded the addresses of the hint are those that may be in a zone.
    let isRecorded = (try recording.nftables.recorded.get()) != nil
    #expect(try #require(recording.firewalld.left.first).unrecorded == (isRecorded ? [] : hint.accepts.map(\.address)))
    return hint.asks
  }

  @Test(
    "DEL looks in every place, whichever backend the configuration names or the host would have",
    arguments: ["", #""backend":"nftables""#, #""backend":"iptables""#, #""backend":"firewalld""#])
  func everywhere(members: String) throws {
    for isThere in [false, true] {
      let recording = RecordingHost()
      (recording.isFirewalldRunning, recording.hasIPTables) = (isThere, isThere)
      if !isThere { recording.nftables.recorded = .success(nil) }
      #expect(try Self.hint(Sample.config(members), recording) == Sample.accepts(try Sample.addresses()) + Sample.ports)
      #expect(recording.zones == ["trusted"])
      #expect(recording.settings.map(\.variant) == [.nft])
    }
  }

  @Test("with the whole configuration, DEL hints at the rules that ADD made, and names the zone")
  func whole() throws {
    let members =
      #""dropInvalid":true,"allowDestinations":["10.0.0.0/8"],"backend":"firewalld","firewalldZone":"internal""#
    let recording = RecordingHost()
    _ = Sample.answer("ADD", Sample.config(members), recording)
    let other = RecordingHost()
    let hint = try Self.hint(Sample.config(members), other)
    let applied = try #require(recording.firewalld.applied.first).asks
    #expect(Set(hint).isSuperset(of: applied) && hint.accepts == applied.accepts)
    #expect(other.zones == ["internal"])
  }

  @Test("with an isolation, DEL hints at each pair of interfaces of the host, though the container is gone")
  func isolation() throws {
    let isolations = [("cni0", "veth0"), ("veth0", "cni0")].map { bridge, port in
      Ask.isolate(Isolation(bridge: bridge, .sameBridge, port: port))
    }
    let hint = try Self.hint(Sample.config(#""ingressPolicy":"same-bridge""#))
    #expect(hint == Sample.accepts(try Sample.addresses()) + Sample.ports + isolations)
    // The port that cannot be found is no failure.
    #expect(try Self.hint(Sample.config(#""ingressPolicy":"isolated""#)).count == 6)
  }

  @Test("names of a result that no interface can have do not fail DEL")
  func longNames() throws {
    let result =
      #"{"cniVersion":"1.1.0","interfaces":[{"name":"a-name-of-more-than-15-bytes"},{"name":"no/name"},{"name":"eth0","sandbox":"/x"}],"#
      + #""ips":[{"address":"10.22.0.5/16","interface":2}]}"#
    let members = #""ingressPolicy":"isolated","dropInvalid":true"#
    let hint = try Self.hint(Sample.config(members, addresses: nil, result: result))
    #expect(hint.isolations.isEmpty && hint.accepts.count == 1)
  }

  @Test(
    "where the record cannot be asked, DEL leaves zones alone, as their addresses may be others' by now, and says so")
  func unknownRecord() {
    let recording = RecordingHost()
    recording.nftables.recorded = .failure(CNIError(.kernelRefused, "no"))
    let answer = Sample.answer("DEL", Sample.config(), recording)
    #expect(answer.code == 101 && answer.message == "no")
    #expect(recording.events.all == ["iptables remove"])
  }

  @Test(
    "what is wrong with the options is no concern of DEL",
    arguments: [
      #""backend":"x""#, #""backend":5"#, #""firewalldZone":[]"#, #""ingressPolicy":"x""#, #""dropInvalid":3"#,
      #""iptablesVariant":"x""#, #""iptablesAdminChainName":"a b""#, #""denyDestinations":["x"]"#,
      #""allowDestinations":{}"#,
    ])
  func brokenOptions(members: String) throws {
    let recording = RecordingHost()
    let hint = try Self.hint(Sample.config("\(members),\"firewalldzone\":\"x\""), recording)
    #expect(hint == Sample.accepts(try Sample.addresses()) + Sample.ports)
    #expect(recording.zones == ["trusted"])
  }

  @Test(
    "without a previous result, or with one that cannot be read, DEL looks for the owner all the same",
    arguments: [nil, "null", "5", #"{"cniVersion":"9.9.9"}"#, #"{"ips":[{"address":"x"}]}"#, #"{"ips":[]}"#])
  func noResult(result: String?) throws {
    let members = #""ingressPolicy":"isolated","dropInvalid":true,"denyDestinations":["10.0.0.0/8"]"#
    #expect(try Self.hint(Sample.config(members, addresses: nil, result: result)).isEmpty)
  }

  @Test("GC removes what the network owns but for those of the list, in every place")
  func collectGarbage() throws {
    let recording = RecordingHost()
    recording.iptables.stale = Sample.accepts(try Sample.addresses()).accepts
    let list = #""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"},{"containerID":"b","ifname":"eth1"}]"#
    // Options that are broken do not matter.
    let answer = Sample.answer("GC", Sample.config(#"\#(list),"backend":5"#, addresses: nil), recording)
    #expect(answer.status == 0)
    #expect(recording.events.all == ["firewalld leave", "iptables removeAll"])
    let expected: Set = [
      AttachmentID(containerID: "a", interface: "eth0"), AttachmentID(containerID: "b", interface: "eth1"),
    ]
    #expect(recording.iptables.collected.map(\.network) == ["net"])
    #expect(recording.iptables.collected.map(\.valid) == [expected])
    // The zones are left of what the record tells, which is read once.
    #expect(recording.firewalld.left.map(\.accepts) == [recording.iptables.stale])
    #expect(recording.zones == ["trusted"])
    #expect(recording.settings.map(\.variant) == [.nft])
  }

  @Test("GC names the zone of the configuration, whose name may be longer than what is remembered of it")
  func collectFromZone() {
    let recording = RecordingHost()
    let members = #""cni.dev/valid-attachments":[],"firewalldZone":"a-zone-with-a-long-name""#
    #expect(Sample.answer("GC", Sample.config(members), recording).status == 0)
    #expect(recording.zones == ["a-zone-with-a-long-name"])
  }

  @Test("GC without a list removes nothing")
  func collectNothing() {
    let recording = RecordingHost()
    #expect(Sample.answer("GC", Sample.config(), recording).status == 0)
    #expect(recording.events.all.isEmpty)
  }

  @Test(
    "a backend that fails does not keep the others from being asked, and all errors are told", arguments: ["DEL", "GC"])
  func failures(verb: String) {
    let config = Sample.config(#""cni.dev/valid-attachments":[]"#)
    let (first, second) = (CNIError(.firewalldRefused, "no zone"), CNIError(.kernelRefused, "no table"))
    let cases: [(firewalld: CNIError?, iptables: CNIError?, code: Int?, message: String)] = [
      (first, nil, 105, "no zone"), (nil, second, 101, "no table"), (first, second, 105, "no zone; no table"),
      (nil, nil, nil, ""),
    ]
    let operations = verb == "DEL" ? ["leave", "remove"] : ["leave", "removeAll"]
    for (firewalld, iptables, code, message) in cases {
      let recording = RecordingHost()
      recording.firewalld.failure = firewalld
      recording.iptables.failure = iptables
      let answer = Sample.answer(verb, config, recording)
      #expect(answer.code == code)
      #expect(answer.message == message)
      #expect(recording.events.all == ["firewalld \(operations[0])", "iptables \(operations[1])"])
      let unmade = RecordingHost()
      unmade.firewalld.failure = firewalld
      unmade.iptablesFailure = iptables
      // Without iptables a GC cannot tell what to take out of zones.
      let told = verb == "GC" ? iptables?.message ?? message : message
      #expect(Sample.answer(verb, config, unmade).message == told)
      if verb == "DEL" { #expect(unmade.events.all.first == "firewalld leave") }
    }
  }
}

// MARK: - STATUS

extension FirewallVerbsTests {
  private static let all = FirewallOptions.Backend.allCases

  @Test("STATUS asks the backend that ADD would use, and nothing but that", arguments: all)
  func status(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    let answer = Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#, addresses: nil), recording)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(recording.events.all == ["\(backend) probe"])
  }

  @Test(
    "with iptables STATUS asks our own table too if something is to be in it",
    arguments: [
      ("", false), (#","dropInvalid":true"#, true), (#","denyDestinations":["10.0.0.0/8"]"#, true),
      (#","ingressPolicy":"isolated""#, false),
    ])
  func statusOfBoth(members: String, isAsked: Bool) {
    let recording = RecordingHost()
    let answer = Sample.answer("STATUS", Sample.config(#""backend":"iptables"\#(members)"#, addresses: nil), recording)
    #expect(answer.status == 0)
    #expect(recording.events.all == ["iptables probe"] + (isAsked ? ["nftables probe"] : []))
  }

  @Test("whatever STATUS fails by is code 50", arguments: all)
  func statusFails(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    for recorder in recording.backends { recorder.failure = CNIError(.kernelRefused, "no") }
    let answer = Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#), recording)
    #expect(answer.code == 50)
    #expect(answer.message == "no")
    let unmade = RecordingHost()
    unmade.iptablesFailure = CNIError(.kernelRefused, "no table")
    #expect(Sample.answer("STATUS", Sample.config(#""backend":"iptables""#), unmade).code == 50)
    let unknown = RecordingHost()
    unknown.nftables.recorded = .failure(CNIError(.kernelRefused, "no record"))
    #expect(Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#), unknown).code == 50)
    let ungated = RecordingHost()
    ungated.hasIPTables = true
    ungated.nftables.recorded = Self.hasContainers
    ungated.gate.failure = CNIError(.kernelRefused, "no gate")
    let isAsked = backend == .nftables
    #expect(
      Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#), ungated).code == (isAsked ? 50 : nil)
    )
  }

  @Test(
    "a bad configuration is code 7 of STATUS as of ADD",
    arguments: [
      #""backend":"x""#, #""acceptMarkBit":32"#, #""ingressPolicy":"x""#, #""denyDestinations":["x"]"#,
      #""iptablesAdminChainName":"a b""#,
    ])
  func badConfiguration(members: String) {
    let answers = ["ADD", "STATUS"].map { Sample.answer($0, Sample.config(members), RecordingHost()) }
    #expect(answers.map(\.code) == [7, 7])
    #expect(answers[0].message == answers[1].message && !answers[0].message.isEmpty)
  }

  private static let hasContainers = Result<AttachmentRecord?, CNIError>.success(
    AttachmentRecord(accepts: [ForwardAccept(.loopback6)], ports: []))

  @Test("where containers are and FORWARD of a table drops without the rule that accepts them, STATUS is code 51")
  func closedGate() {
    let recording = RecordingHost()
    recording.hasIPTables = true
    recording.nftables.recorded = Self.hasContainers
    #expect(Sample.answer("STATUS", Sample.config(), recording).status == 0)
    #expect(recording.gate.asked == [AddressFamily.allCases])
    recording.gate.closed = ["iptables table filter", "ip6tables table filter"]
    let answer = Sample.answer("STATUS", Sample.config(), recording)
    #expect(answer.code == 51)
    #expect(
      answer.message == "iptables table filter, ip6tables table filter: FORWARD drops packets, and lacks the rule that "
        + "accepts those of containers; the next ADD writes it")
  }

  @Test("without a container nobody is cut off, and no gate is asked, as the first ADD opens it")
  func noContainers() {
    let recording = RecordingHost()
    recording.hasIPTables = true
    recording.gate.closed = ["iptables table filter"]
    #expect(Sample.answer("STATUS", Sample.config(), recording).status == 0)
    #expect(recording.gate.asked.isEmpty)
    #expect(recording.gate.opened.isEmpty)
  }
}
