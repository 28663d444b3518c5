// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import Firewall
import JSON
import Rules
import Testing

/// Calls that real runtimes made of upstream's firewall.
@Suite struct RecordedCallTests {
  private static let all = RecordedCall.all.filter { $0.plugin == "firewall" }
  /// A bridge is looked for in the kernel; see HostLinkTests.
  private static let open = all.filter { !$0.stdin.contains("ingressPolicy") }
  private static let adds = open.filter { $0.verb == "ADD" }
  private static let deletions = all.filter { $0.verb == "DEL" }

  /// Lets our plugin answer, in the namespace of this process.
  private static func answer(_ call: RecordedCall, _ host: RecordingHost) -> Answer {
    var environment = call.environment
    if environment["CNI_NETNS"] != nil { environment["CNI_NETNS"] = "/proc/self/ns/net" }
    environment["CNI_NETNS_OVERRIDE"] = "1"
    return Call(environment, call.stdin).answer { note in Firewall(host.host, note: note) }
  }

  @Test("the recorded calls are all there, some of them with an isolation, and upstream answered them all")
  func complete() {
    let table = Dictionary(grouping: Self.all) { "\($0.client) \($0.verb)" }.mapValues(\.count)
    #expect(
      table == [
        "podman ADD": 8, "podman DEL": 8, "podman VERSION": 7, "containerd ADD": 3, "containerd DEL": 4,
        "buildah ADD": 1, "buildah DEL": 1, "buildah VERSION": 1,
      ])
    #expect(Self.all.allSatisfy { $0.upstreamStatus == 0 })
    #expect(Self.all.count - Self.open.count == 2)
  }

  @Test("a call of firewall is answered as upstream answered it", arguments: open)
  func answered(call: RecordedCall) throws {
    let answer = Self.answer(call, RecordingHost())
    #expect(Int(answer.status) == call.upstreamStatus)
    #expect(answer.notes.isEmpty)
    if call.upstreamOutput.isEmpty {
      #expect(answer.output.isEmpty)
    } else if call.verb == "VERSION" {
      // We speak older versions too.
      let supported = try Field(answer.json)["supportedVersions"].array()?.compactMap { try $0.string() } ?? []
      let peers = try Field(call.upstreamOutput)["supportedVersions"].array()?.compactMap { try $0.string() } ?? []
      #expect(!peers.isEmpty && Set(supported).isSuperset(of: peers))
      #expect(try Field(answer.json)["cniVersion"].string() == Field(call.upstreamOutput)["cniVersion"].string())
    } else {
      let expected = try JSON(call.upstreamOutput).canonicalResult
      #expect(answer.json?.canonicalResult == expected)
    }
  }

  @Test("every address of an ADD is accepted, by the backend that the configuration names", arguments: adds)
  func accepted(call: RecordedCall) throws {
    let recording = RecordingHost()
    _ = Self.answer(call, recording)
    let document = try Field(call.stdin)
    let named = try document["backend"].string() ?? "nftables"
    let used = try #require(
      ["nftables": recording.nftables, "iptables": recording.iptables, "firewalld": recording.firewalld][named])
    let ips = try #require(try document["prevResult"]["ips"].array())
    let expected = try ips.map { try #require(Prefix(try $0["address"].string() ?? "")).address }
    #expect(used.applied.map(\.asks) == [Sample.accepts(expected)])
    #expect(used.applied.map(\.attachment.containerID) == [call.environment["CNI_CONTAINERID"]])
    #expect(!expected.isEmpty)
  }

  @Test("every DEL reaches the backends with its owner, and with the addresses if it has any", arguments: deletions)
  func deleted(call: RecordedCall) throws {
    let recording = RecordingHost()
    #expect(Self.answer(call, recording).status == 0)
    let ips = try Field(call.stdin)["prevResult"]["ips"].array() ?? []
    let expected = try ips.map { try #require(Prefix(try $0["address"].string() ?? "")).address }
    let removed = try #require(recording.iptables.removed.first)
    #expect(removed.attachment.containerID == call.environment["CNI_CONTAINERID"])
    #expect(removed.attachment.interface == call.environment["CNI_IFNAME"])
    #expect(removed.accepts.map(\.address) == expected)
    #expect(recording.firewalld.left.count == 1)
  }

  @Test("a DEL with an isolation hints at the bridge and its port, the first two interfaces of the result")
  func isolated() throws {
    let call = try #require(Self.deletions.first { $0.stdin.contains("ingressPolicy") })
    let recording = RecordingHost()
    _ = Self.answer(call, recording)
    let interfaces = try #require(try Field(call.stdin)["prevResult"]["interfaces"].array())
    let names = try interfaces.prefix(2).map { try #require(try $0["name"].string()) }
    let hint = try #require(recording.iptables.removed.first).asks
    #expect(hint.contains(.isolate(Isolation(bridge: names[0], .sameBridge, port: names[1]))))
  }
}
