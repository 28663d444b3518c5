// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Rules
import Skel
import TestSupport
import Testing

@testable import Firewall

@Suite("the host's end of a container's veth", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct HostLinkTests {
  private let host: Namespace
  private let container: Namespace

  init() throws { (host, container) = (try Namespace(), try Namespace()) }

  private func connect(veth: String = "veth0", bridge: String? = "cni0") throws {
    try host.command("ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", container.path)
    guard let bridge else { return }
    try host.command("ip", "link", "add", bridge, "type", "bridge")
    try host.command("ip", "link", "set", veth, "master", bridge)
  }

  private func answer(
    _ verb: String, _ members: String, _ recording: RecordingHost, interface: String = "eth0"
  ) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "id", "CNI_IFNAME": interface, "CNI_NETNS": container.path,
      "CNI_PATH": "/opt/cni/bin",
    ]
    return host.run {
      Call(environment, Sample.config(members)).answer { note in Firewall(recording.host, note: note) }
    }
  }

  private func answer(_ verb: String, policy: String, _ recording: RecordingHost) -> Answer {
    answer(verb, #""ingressPolicy":"\#(policy)""#, recording)
  }

  /// The link as the plugin sees it.
  private func link() throws -> HostLink {
    let request = Request(
      config: try Sample.network(Sample.config()), attachment: Sample.owner, namespace: container.path, arguments: "")
    return try host.run { try HostLink.find(request) }
  }

  private func isIsolated(_ port: String = "veth0") throws -> Bool {
    try host.command("ip", "-d", "link", "show", port).contains(" isolated on ")
  }

  @Test("the names of veth and bridge are what rules are about, whatever the interfaces of the result are")
  func names() throws {
    try connect(veth: "veth-other", bridge: "br-other")
    #expect(try link().name == "veth-other" && link().bridge == "br-other")
    for (policy, kind) in [("same-bridge", Isolation.Kind.sameBridge), ("isolated", .isolated)] {
      let recording = RecordingHost()
      #expect(answer("ADD", policy: policy, recording).status == 0)
      let expected =
        Sample.accepts(try Sample.addresses()) + [.isolate(Isolation(bridge: "br-other", kind, port: "veth-other"))]
      #expect(recording.nftables.applied.map(\.asks) == [expected])
      #expect(answer("CHECK", policy: policy, recording).status == 0)
      #expect(recording.nftables.verified.map(\.asks) == [expected])
    }
  }

  @Test(
    "what is dropped and denied goes by the bridge, or by the veth where that is no port of one",
    arguments: [true, false])
  func sources(hasBridge: Bool) throws {
    try connect(bridge: hasBridge ? "cni0" : nil)
    let source: PacketSource = hasBridge ? .bridge("cni0") : .veth("veth0")
    #expect(try link().bridge == (hasBridge ? "cni0" : nil))
    let recording = RecordingHost()
    let members = #""dropInvalid":true,"denyDestinations":["192.0.2.0/24","2001:db8::/32"]"#
    #expect(answer("ADD", members, recording).status == 0)
    let rules = try #require(recording.nftables.applied.first).asks
    #expect(rules.contains(.dropInvalid(source)))
    let denied = rules.compactMap { rule -> DeniedDestinations? in
      guard case .restrict(let restriction) = rule, restriction.source == source else { return nil }
      return restriction.denied
    }
    #expect(denied.map(\.family) == AddressFamily.allCases)
    #expect(answer("CHECK", members, recording).status == 0)
    #expect(recording.nftables.verified.map(\.asks) == [rules])
  }

  @Test("without an option that goes by it no link is looked for, and where there is none the addresses are enough")
  func addressesOnly() throws {
    let recording = RecordingHost()
    #expect(answer("ADD", "", recording).status == 0)
    #expect(recording.nftables.applied.map(\.asks) == [Sample.accepts(try Sample.addresses())])
    #expect(answer("ADD", #""dropInvalid":true"#, recording).status == 0)
    let addresses = try Sample.addresses()
    #expect(
      recording.nftables.applied.last?.asks
        == Sample.accepts(addresses) + addresses.map { .dropInvalid(.address($0)) })
  }

  @Test(
    "a container on no bridge cannot be isolated: code 7 for ADD and CHECK, before anything is touched",
    arguments: ["ADD", "CHECK"])
  func unbridged(verb: String) throws {
    try connect(bridge: nil)
    let recording = RecordingHost()
    let unbridged = answer(verb, policy: "same-bridge", recording)
    #expect(unbridged.code == 7)
    #expect(
      unbridged.message
        == "ingressPolicy: same-bridge needs a container on a bridge, but veth0, the other end of eth0, is no port of one"
    )
    let loopback = answer(verb, #""ingressPolicy":"isolated""#, recording, interface: "lo")
    #expect(loopback.code == 7)
    #expect(
      loopback.message == "ingressPolicy: CNI_IFNAME: lo is not a veth: only a veth is known by its end on the host")
    #expect(recording.events.all.isEmpty)
    #expect(answer("DEL", policy: "isolated", recording).status == 0)
  }

  @Test("a name that nft prints and cannot read again is refused for an isolation, and else rules go by addresses")
  func unquotable() throws {
    try connect(bridge: #"a"b"#)
    let recording = RecordingHost()
    let refused = answer("ADD", policy: "same-bridge", recording)
    #expect(refused.code == 7)
    #expect(refused.message.hasPrefix("ingressPolicy: same-bridge needs names of interfaces that nft can read again"))
    #expect(refused.message.hasSuffix(#", found a"b"#))
    #expect(recording.events.all.isEmpty)
    #expect(answer("ADD", #""dropInvalid":true"#, recording).status == 0)
    let addresses = try Sample.addresses()
    #expect(
      recording.nftables.applied.map(\.asks) == [
        Sample.accepts(addresses) + addresses.map { .dropInvalid(.address($0)) }
      ])
  }

  @Test(
    "a quotation mark, a backslash and an asterisk are what nft cannot read",
    arguments: [
      ("cni0", true), ("br-1.2:3", true), ("böse0", true), ("a b", true), (#"a"b"#, false), (#"a\b"#, false),
      ("veth*", false),
    ])
  func isQuotable(name: String, expected: Bool) {
    #expect(HostLink.isQuotable(name) == expected)
  }

  @Test("a call that podman made with an isolation is answered as upstream answered it")
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
    #expect(Int(answer.status) == call.upstreamStatus)
    #expect(answer.json?.canonicalResult == (try JSON(call.upstreamOutput).canonicalResult))
    let isolations = Ask.isolate(Isolation(bridge: bridge, .sameBridge, port: "veth0"))
    #expect(recording.backends.flatMap(\.applied).flatMap(\.asks).contains(isolations))
  }
}

// MARK: - The isolation of the bridge port

extension HostLinkTests {
  /// A host that has recorded a port of the container.
  private func recording(_ port: String = "veth0", isIsolated: Bool = true) -> RecordingHost {
    let recording = RecordingHost()
    recording.nftables.recorded = .success(
      AttachmentRecord(accepts: [], ports: [RecordedPort(name: port, isIsolated: isIsolated)]))
    return recording
  }

  @Test(
    "a port is isolated by ADD and let go by DEL, if all containers are to be isolated",
    arguments: FirewallOptions.Backend.allCases)
  func port(backend: FirewallOptions.Backend) throws {
    try connect()
    func call(_ verb: String, _ policy: String, _ recording: RecordingHost = RecordingHost()) throws -> Bool {
      let answer = answer(verb, #""ingressPolicy":"\#(policy)","backend":"\#(backend.rawValue)""#, recording)
      #expect(answer.status == 0)
      return try isIsolated()
    }
    #expect(try !call("ADD", "same-bridge"))
    #expect(try call("ADD", "isolated"))
    #expect(try call("ADD", "isolated", recording()))
    #expect(try call("CHECK", "isolated", recording()))
    #expect(try !call("DEL", "isolated", recording()))
    #expect(try !call("DEL", "isolated", recording()))
  }

  @Test(
    "it follows the last ADD: what a former one has switched on goes when the policy changes",
    arguments: ["same-bridge", "open"])
  func policyChanges(policy: String) throws {
    try connect()
    #expect(answer("ADD", policy: "isolated", RecordingHost()).status == 0)
    #expect(answer("ADD", policy: policy, recording()).status == 0)
    #expect(try !isIsolated())
  }

  @Test("a port that somebody else has isolated stays so with another policy, and at DEL")
  func foreign() throws {
    try connect()
    try host.ip("link set veth0 type bridge_slave isolated on")
    #expect(answer("ADD", policy: "same-bridge", recording(isIsolated: false)).status == 0)
    #expect(answer("CHECK", policy: "same-bridge", recording(isIsolated: false)).status == 0)
    #expect(answer("DEL", policy: "same-bridge", recording(isIsolated: false)).status == 0)
    #expect(answer("DEL", "", RecordingHost()).status == 0)
    #expect(try isIsolated())
  }

  @Test(
    "DEL switches it off by the record, also when the configuration no longer says it or has become wrong",
    arguments: ["", #""ingressPolicy":"same-bridge""#, #""ingressPolicy":5"#])
  func deletedByRecord(members: String) throws {
    try connect()
    #expect(answer("ADD", policy: "isolated", RecordingHost()).status == 0)
    #expect(answer("DEL", members, recording()).status == 0)
    #expect(try !isIsolated())
  }

  @Test(
    "DEL of what upstream has added finds the port by the kernel, or by the result where the container is gone",
    arguments: [true, false])
  func deletedWithoutRecord(isThere: Bool) throws {
    try connect()
    try host.ip("link set veth0 type bridge_slave isolated on")
    // The result names cni0 and veth0.
    let interface = isThere ? "eth0" : "eth1"
    #expect(answer("DEL", #""ingressPolicy":"isolated""#, RecordingHost(), interface: interface).status == 0)
    #expect(try !isIsolated())
  }

  @Test("a port that is gone, or is none any more, is no failure of ADD or DEL", arguments: ["veth9", "lo", "veth0"])
  func gone(port: String) throws {
    try connect()
    try host.ip("link set veth0 nomaster")
    #expect(answer("DEL", policy: "isolated", recording(port)).status == 0)
    #expect(answer("ADD", "", recording(port)).status == 0)
  }

  @Test("a port stays as it was where the rules are refused")
  func refused() throws {
    try connect()
    let recording = RecordingHost()
    recording.nftables.failure = CNIError(.kernelRefused, "no")
    #expect(answer("ADD", policy: "isolated", recording).code == 101)
    #expect(try !isIsolated())
  }

  @Test("CHECK tells of a port that is not isolated any more, and of one that still is")
  func check() throws {
    try connect()
    #expect(answer("ADD", policy: "isolated", RecordingHost()).status == 0)
    #expect(answer("CHECK", policy: "isolated", recording()).status == 0)
    let left = answer("CHECK", policy: "same-bridge", recording())
    #expect(left.code == 102)
    #expect(left.message == "net/id/eth0: bridge port veth0 is still isolated")
    try host.ip("link set veth0 type bridge_slave isolated off")
    let failed = answer("CHECK", policy: "isolated", recording())
    #expect(failed.code == 102)
    #expect(failed.message == "net/id/eth0: bridge port veth0 is not isolated")
    #expect(answer("CHECK", policy: "same-bridge", recording()).status == 0)
  }
}
