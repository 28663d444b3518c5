// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Rules
import Skel
import TestSupport
import Testing

@testable import Firewall

@Suite("the bridge that a container is on", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct ContainerBridgeTests {
  private let host: Namespace
  private let container: Namespace

  init() throws { (host, container) = (try Namespace(), try Namespace()) }

  private func connect(bridge: String? = "cni0") throws {
    try host.ip("link add veth0 type veth peer name eth0 netns \(container.path)")
    if let bridge { try host.ip("link add \(bridge) type bridge\nlink set veth0 master \(bridge)") }
  }

  private func answer(
    _ verb: String, _ policy: String, _ recording: RecordingHost, interface: String = "eth0"
  ) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "id", "CNI_IFNAME": interface, "CNI_NETNS": container.path,
      "CNI_PATH": "/opt/cni/bin",
    ]
    let config = Sample.config(#""backend":"iptables","ingressPolicy":"\#(policy)""#)
    return host.run { Call(environment, config).answer { note in Firewall(recording.host, note: note) } }
  }

  /// The bridge as the plugin sees it.
  private func bridge() throws -> ContainerBridge {
    let request = Request(
      config: try Sample.network(Sample.config()), owner: Sample.owner, namespace: container.path, arguments: "")
    return try host.run { try ContainerBridge.find(request) }
  }

  private var isIsolated: Bool {
    get throws { try bridge().problems(.isolated).isEmpty }
  }

  @Test("its name is what rules isolate, whatever the interfaces of the result are")
  func name() throws {
    try connect(bridge: "br-other")
    #expect(try bridge().name == "br-other")
    for (policy, kind) in [("same-bridge", Isolation.Kind.sameBridge), ("isolated", .isolated)] {
      let recording = RecordingHost()
      #expect(answer("ADD", policy, recording).status == 0)
      let expected = Sample.accepts(try Sample.addresses()) + [.isolate(Isolation(bridge: "br-other", kind))]
      #expect(recording.iptables.applied.map(\.rules) == [expected])
      #expect(answer("CHECK", policy, recording).status == 0)
      #expect(recording.iptables.verified.map(\.rules) == [expected])
    }
  }

  @Test("a port is isolated by ADD and let go by DEL, if all containers are to be isolated")
  func port() throws {
    try connect()
    #expect(try !isIsolated)
    #expect(try bridge().problems(.sameBridge).isEmpty)
    #expect(answer("ADD", "same-bridge", RecordingHost()).status == 0)
    #expect(try !isIsolated)
    #expect(answer("ADD", "isolated", RecordingHost()).status == 0)
    #expect(try isIsolated)
    #expect(answer("ADD", "isolated", RecordingHost()).status == 0)
    #expect(try isIsolated)
    #expect(answer("DEL", "same-bridge", RecordingHost()).status == 0)
    #expect(try isIsolated)
    #expect(answer("DEL", "isolated", RecordingHost()).status == 0)
    #expect(try !isIsolated)
    #expect(answer("DEL", "isolated", RecordingHost()).status == 0)
  }

  @Test("a port stays as it was where the rules are refused")
  func refused() throws {
    try connect()
    let recording = RecordingHost()
    recording.iptables.failure = CNIError(.kernelRefused, "no")
    #expect(answer("ADD", "isolated", recording).code == 101)
    #expect(try !isIsolated)
  }

  @Test("CHECK tells of a port that is not isolated any more")
  func check() throws {
    try connect()
    let recording = RecordingHost()
    _ = answer("ADD", "isolated", recording)
    #expect(answer("CHECK", "isolated", recording).status == 0)
    try host.ip("link set veth0 type bridge_slave isolated off")
    let failed = answer("CHECK", "isolated", recording)
    #expect(failed.code == 102)
    #expect(failed.message == "net/id/eth0: bridge port veth0 is not isolated")
  }

  @Test(
    "a container on no bridge is an error of code 7 for ADD and CHECK, before anything is touched",
    arguments: ["ADD", "CHECK"])
  func none(verb: String) throws {
    try connect(bridge: nil)
    let recording = RecordingHost()
    let unbridged = answer(verb, "same-bridge", recording)
    #expect(unbridged.code == 7)
    #expect(
      unbridged.message
        == "ingressPolicy: expected a container on a bridge, but veth0, the other end of eth0, is no port of one")
    let loopback = answer(verb, "isolated", recording, interface: "lo")
    #expect(loopback.code == 7)
    #expect(loopback.message == "ingressPolicy: CNI_IFNAME: lo is no veth: only a veth can be on a bridge")
    #expect(recording.events.all.isEmpty)
    #expect(answer("DEL", "isolated", recording).status == 0)
  }

  @Test("a call that podman made with an isolation is answered as the peer answered it")
  func recorded() throws {
    let call = try #require(
      RecordedCall.all.first {
        $0.plugin == "firewall" && $0.verb == "ADD" && $0.stdin.contains("ingressPolicy")
      })
    let interfaces = try #require(try Field(call.stdin)["prevResult"]["interfaces"].array())
    let bridge = try #require(try interfaces.first?["name"].string())
    try connect(bridge: bridge)
    var environment = call.environment
    environment["CNI_NETNS"] = container.path
    let recording = RecordingHost()
    let answer = host.run {
      Call(environment, call.stdin).answer { note in Firewall(recording.host, note: note) }
    }
    #expect(Int(answer.status) == call.peerStatus)
    #expect(answer.json?.withoutEmptyDNS.sorted == (try JSON(call.peerOutput).withoutEmptyDNS.sorted))
    let isolations = Rule.isolate(Isolation(bridge: bridge, .sameBridge))
    #expect(recording.backends.flatMap(\.applied).flatMap(\.rules).contains(isolations))
  }
}
