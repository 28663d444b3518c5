// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bridge's rules", .enabled(if: kernelIsThere, "needs privileges")) struct BridgeRulesTests {
  private let scene: BridgeScene
  /// A host behind the node that has no route to containers.
  private let outside: Namespace

  init() throws {
    scene = try BridgeScene()
    outside = try Namespace()
    try scene.node.ip("link add uplink type veth peer name eth0 netns \(outside.path)")
    // Otherwise they could not ask for each other's address for a second.
    try scene.node.set("net/ipv6/conf/uplink/accept_dad", to: "0")
    try outside.set("net/ipv6/conf/eth0/accept_dad", to: "0")
    try scene.node.ip(
      """
      addr add 192.0.2.1/24 dev uplink
      addr add 2001:db8:1::1/64 dev uplink nodad
      link set uplink up
      """)
    try outside.ip("addr add 192.0.2.2/24 dev eth0\naddr add 2001:db8:1::2/64 dev eth0 nodad\nlink set eth0 up")
    // The carrier is told some time after the links are up.
    for address in ["192.0.2.2", "2001:db8:1::2"] {
      for _ in 0..<5 where try !scene.pings(from: scene.node, to: address) {}
    }
  }

  private func reaches(_ pod: BridgeScene.Pod) throws -> [Bool] {
    try ["192.0.2.2", "2001:db8:1::2"].map { try scene.pings(from: pod.namespace, to: $0) }
  }

  @Test(
    "with ipMasq a container reaches a host that does not know its network, and not without",
    arguments: ["", "iptables", "nftables"])
  func masquerades(backend: String) throws {
    let (with, without) = (try BridgeScene.Pod(), try BridgeScene.Pod())
    let members = #""ipMasq":true,"ipMasqBackend":"\#(backend)","# + scene.dualStack
    let result = try scene.succeed("ADD", with, members)
    try scene.succeed("ADD", without, scene.dualStack)
    #expect(try reaches(with) == [true, true])
    #expect(try reaches(without) == [false, false])
    try scene.succeed("CHECK", with, members, BridgeScene.Way(previous: result))
    try scene.succeed("DEL", with, members, BridgeScene.Way(namespace: .some(nil)))
    #expect(try !scene.traces(of: with).contains("rules"))
    #expect(try !scene.node.command("iptables-save").contains("CNI-"))
    #expect(try scene.veths().count == 1)
  }

  @Test("CHECK tells that masquerading is gone", arguments: ["iptables", "nftables"])
  func flushed(backend: String) throws {
    let pod = try BridgeScene.Pod()
    let members = #""ipMasq":true,"ipMasqBackend":"\#(backend)","# + scene.dualStack
    let result = try scene.succeed("ADD", pod, members)
    if backend == "iptables" {
      try scene.node.command("iptables", "-t", "nat", "-F")
    } else {
      try scene.node.command("nft", "flush", "ruleset")
    }
    #expect(try scene.fail("CHECK", pod, members, BridgeScene.Way(previous: result)).code == 102)
  }

  @Test("two interfaces of one container on one network are masqueraded each by itself")
  func twoInterfaces() throws {
    let first = try BridgeScene.Pod()
    var second = first
    second.ifName = "eth1"
    let members = #""ipMasq":true,"# + scene.dualStack
    for pod in [first, second] { try scene.succeed("ADD", pod, members) }
    try scene.succeed("DEL", second, members)
    #expect(try reaches(first) == [true, true])
  }

  /// How DEL is called for an interface that shares a chain of iptables.
  static let deletions: [BridgeScene.Way] = [
    .init(), .init(namespace: .some(nil)), .init(previous: #"{"cniVersion":"1.0.0"}"#),
  ]

  @Test(
    "with rules of iptables, which name no interface, DEL of one leaves the other's, and DEL of both leaves none",
    arguments: deletions.indices)
  func sharedChain(way: Int) throws {
    let first = try BridgeScene.Pod()
    var second = first
    second.ifName = "net1"
    let members = #""ipMasq":true,"ipMasqBackend":"iptables","# + scene.dualStack
    for pod in [first, second] { try scene.succeed("ADD", pod, members) }
    try scene.succeed("DEL", second, members, Self.deletions[way])
    #expect(try entries() == ["10.22.0.2/32", "fd00:22::2/128"])
    #expect(try reaches(first) == [true, true])
    try scene.succeed("DEL", first, members, Self.deletions[way])
    #expect(try entries() == [])
    #expect(try !scene.node.command("iptables-save").contains("CNI-"))
  }

  @Test("so it is with interfaces that upstream has made, as long as the container is there")
  func sharedChainOfUpstream() throws {
    let first = try BridgeScene.Pod()
    var second = first
    second.ifName = "net1"
    let members = #""ipMasq":true,"# + scene.dualStack
    for pod in [first, second] {
      try scene.succeed("ADD", pod, members, BridgeScene.Way(plugins: BridgeScene.upstream))
    }
    try scene.succeed("DEL", second, members)
    #expect(try entries() == ["10.22.0.2/32", "fd00:22::2/128"])
    try scene.succeed("DEL", first, members, BridgeScene.Way(namespace: .some(nil)))
    #expect(try entries() == [])
  }

  @Test("GC of one of two interfaces that share a chain of iptables leaves the other's rules alone")
  func sharedChainGarbage() throws {
    let first = try BridgeScene.Pod()
    var second = first
    second.ifName = "net1"
    let members = #""ipMasq":true,"ipMasqBackend":"iptables","# + scene.dualStack
    for pod in [first, second] { try scene.succeed("ADD", pod, members) }
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(first.id)","ifname":"eth0"}],"#
    try scene.succeed("GC", nil, list + members, BridgeScene.Way(version: "1.1.0"))
    #expect(try entries() == ["10.22.0.2/32", "fd00:22::2/128"])
    #expect(try reaches(first) == [true, true])
  }

  /// The sources of the rules of iptables that lead to containers' chains.
  private func entries() throws -> [String] {
    try ["iptables", "ip6tables"].flatMap { program in
      try scene.node.command(program, "-t", "nat", "-S", "POSTROUTING").split(separator: "\n").compactMap { line in
        line.contains("-j CNI-") ? line.split(separator: " ").dropFirst(3).first.map(String.init) : nil
      }
    }
  }

  @Test("rules of an attachment are removed though the configuration asks for none any more")
  func changedConfiguration() throws {
    let pod = try BridgeScene.Pod()
    try scene.succeed("ADD", pod, #""ipMasq":true,"macspoofchk":true,"# + scene.dualStack)
    try scene.succeed("DEL", pod, scene.dualStack)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("with macspoofchk frames from another MAC address are dropped")
  func spoofing() throws {
    let pod = try BridgeScene.Pod()
    let members = #""macspoofchk":true,"# + scene.dualStack
    let result = try scene.succeed("ADD", pod, members)
    try scene.succeed("CHECK", pod, members, BridgeScene.Way(previous: result))
    #expect(try scene.pings(from: pod.namespace, to: "10.22.0.1"))
    try pod.namespace.ip("link set eth0 address 02:00:00:00:00:77")
    #expect(try !scene.pings(from: pod.namespace, to: "10.22.0.1"))
    try scene.succeed("DEL", pod, members, BridgeScene.Way(namespace: .some(nil)))
    #expect(try !scene.node.command("nft", "list", "ruleset").contains("cni-br-iface"))
  }

  @Test("STATUS finds out whether the kernel has what rules need")
  func status() throws {
    let members = #""ipMasq":true,"macspoofchk":true,"# + scene.dualStack
    try scene.succeed("STATUS", nil, members, BridgeScene.Way(version: "1.1.0"))
    #expect(try scene.node.command("nft", "list", "ruleset").isEmpty)
  }
}
