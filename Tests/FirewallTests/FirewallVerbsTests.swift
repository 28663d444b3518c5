// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Rules
import Testing

@testable import Firewall

/// DEL, GC and STATUS.
@Suite struct FirewallVerbsTests {
  /// Expects that DEL succeeds, and answers the hint that the backends were given.
  private static func hint(_ config: String, _ recording: RecordingHost = RecordingHost()) throws -> [Rule] {
    let answer = Sample.answer("DEL", config, recording)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty && answer.notes.isEmpty)
    #expect(recording.events.all == ["firewalld remove", "iptables remove"])
    let removed = [recording.firewalld, recording.iptables].flatMap(\.removed)
    #expect(removed.allSatisfy { $0.owner == Sample.owner })
    let hints = removed.map(\.hint)
    #expect(hints[0] == hints[1])
    return hints[0]
  }

  @Test(
    "DEL looks in every place, whichever backend the configuration names or the host would have",
    arguments: ["", #""backend":"nftables""#, #""backend":"iptables""#, #""backend":"firewalld""#])
  func everywhere(members: String) throws {
    for isThere in [false, true] {
      let recording = RecordingHost()
      (recording.isFirewalldRunning, recording.canIPTablesDrop) = (isThere, isThere)
      #expect(try Self.hint(Sample.config(members), recording) == Sample.accepts(try Sample.addresses()))
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
    #expect(try Self.hint(Sample.config(members), other) == recording.firewalld.applied.first?.rules)
    #expect(other.zones == ["internal"])
  }

  @Test("with an isolation, DEL hints at each interface of the host, though the container is gone")
  func isolation() throws {
    let isolations = ["cni0", "veth0"].map { Rule.isolate(Isolation(bridge: $0, .sameBridge)) }
    let hint = try Self.hint(Sample.config(#""ingressPolicy":"same-bridge""#))
    #expect(hint == Sample.accepts(try Sample.addresses()) + isolations)
    // The port that cannot be found is no failure.
    #expect(try Self.hint(Sample.config(#""ingressPolicy":"isolated""#)).count == 4)
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
    #expect(hint == Sample.accepts(try Sample.addresses()))
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
  func collectGarbage() {
    let recording = RecordingHost()
    let list = #""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"},{"containerID":"b","ifname":"eth1"}]"#
    // Options that are broken do not matter.
    let answer = Sample.answer("GC", Sample.config(#"\#(list),"backend":5"#, addresses: nil), recording)
    #expect(answer.status == 0)
    #expect(recording.events.all == ["firewalld removeAll", "iptables removeAll"])
    let expected: Set = [
      CNI.Attachment(containerID: "a", interface: "eth0"), CNI.Attachment(containerID: "b", interface: "eth1"),
    ]
    for recorder in [recording.firewalld, recording.iptables] {
      #expect(recorder.collected.map(\.network) == ["net"])
      #expect(recorder.collected.map(\.valid) == [expected])
    }
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
    let operation = verb == "DEL" ? "remove" : "removeAll"
    for (firewalld, iptables, code, message) in cases {
      let recording = RecordingHost()
      recording.firewalld.failure = firewalld
      recording.iptables.failure = iptables
      let answer = Sample.answer(verb, config, recording)
      #expect(answer.code == code)
      #expect(answer.message == message)
      #expect(recording.events.all == ["firewalld \(operation)", "iptables \(operation)"])
      let unmade = RecordingHost()
      unmade.firewalld.failure = firewalld
      unmade.iptablesFailure = iptables
      #expect(Sample.answer(verb, config, unmade).message == message)
      #expect(unmade.events.all.first == "firewalld \(operation)")
    }
  }

  @Test("STATUS asks the backend that ADD would use, and nothing but that", arguments: FirewallOptions.Backend.allCases)
  func status(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    let answer = Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#, addresses: nil), recording)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(recording.events.all == ["\(backend) probe"])
  }

  @Test("whatever STATUS fails by is code 50", arguments: FirewallOptions.Backend.allCases)
  func statusFails(backend: FirewallOptions.Backend) {
    let recording = RecordingHost()
    for recorder in recording.backends { recorder.failure = CNIError(.kernelRefused, "no") }
    let answer = Sample.answer("STATUS", Sample.config(#""backend":"\#(backend.rawValue)""#), recording)
    #expect(answer.code == 50)
    #expect(answer.message == "no")
    let unknown = RecordingHost()
    unknown.iptablesFailure = CNIError(.kernelRefused, "no table")
    #expect(Sample.answer("STATUS", Sample.config(), unknown).code == 50)
  }
}
