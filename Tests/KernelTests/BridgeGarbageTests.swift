// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import TestSupport
import Testing

@Suite("bridge's DEL, GC and STATUS", .enabled(if: kernelIsThere, "needs privileges")) struct BridgeGarbageTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  @Test("DEL removes everything, with a namespace that is there, empty, gone, or an ordinary file")
  func namespaces() throws {
    for namespace in ["", "/run/netns/none", "/etc/hostname"] as [String?] + [nil] {
      let pod = try BridgeScene.Pod()
      try scene.succeed("ADD", pod, scene.dualStack)
      let way = BridgeScene.Way(namespace: namespace.map { .some($0) })
      try scene.succeed("DEL", pod, scene.dualStack, way)
      #expect(try scene.traces(of: pod) == [])
      try scene.succeed("DEL", pod, scene.dualStack, way)
    }
  }

  @Test("an ID that leaves no room for a MAC spoof check is added and deleted without one, and refused with one")
  func longID() throws {
    var pod = try BridgeScene.Pod()
    pod.id = String(repeating: "a", count: 234)
    let error = try scene.fail("ADD", pod, #""macspoofchk":true,"# + scene.dualStack)
    #expect(error.code == 7 && error.message.hasPrefix("macspoofchk: expected a container ID of at most 233 bytes"))
    #expect(try !scene.node.command("ip", "link").contains("cni0"))
    try scene.succeed("ADD", pod, scene.dualStack)
    try scene.succeed("DEL", pod, scene.dualStack)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("DEL with options that are wrong removes what there is")
  func wrongOptions() throws {
    let pod = try BridgeScene.Pod()
    try scene.succeed("ADD", pod, scene.dualStack)
    let members = #""mtu":"x","vlan":5,"ipMasq":7,"ipMasqBackend":"z","isGateway":"no","# + scene.dualStack
    try scene.succeed("DEL", pod, members)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("DEL whose IPAM plugin is missing says so, and removes the interface")
  func noPlugin() throws {
    let pod = try BridgeScene.Pod()
    try scene.succeed("ADD", pod, scene.dualStack)
    let error = try scene.fail("DEL", pod, #""ipam":{"type":"nope"},"#)
    #expect(error.code == 104)
    #expect(try scene.veths().isEmpty)
  }

  @Test("GC removes what attachments of the network have that are not valid, and nothing else")
  func garbage() throws {
    let (valid, gone, other) = (try BridgeScene.Pod(), try BridgeScene.Pod(), try BridgeScene.Pod())
    let members = #""ipMasq":true,"macspoofchk":true,"# + scene.dualStack
    for pod in [valid, gone] { try scene.succeed("ADD", pod, members, BridgeScene.Way(version: "1.1.0")) }
    let others = #""bridge":"cni1","# + members.replacing("10.22", with: "10.23").replacing("fd00:22", with: "fd00:23")
    try scene.succeed("ADD", other, others, BridgeScene.Way(network: "other"))
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(valid.id)","ifname":"eth0"}],"#
    try scene.succeed("GC", nil, list + scene.dualStack, BridgeScene.Way(version: "1.1.0"))
    #expect(try scene.veths().count == 2)
    #expect(try scene.reservations().count == 2)
    #expect(try scene.pings(from: valid.namespace, to: "10.22.0.1"))
    #expect(try !gone.namespace.command("ip", "link").contains("eth0"))
    let rules = try scene.node.command("nft", "list", "ruleset")
    #expect(!rules.contains(gone.id))
    for pod in [valid, other] {
      #expect(rules.contains("cni-br-iface-\(pod.id)-eth0-mac") && rules.contains("\(pod.id)/eth0"))
    }
    #expect(try other.namespace.command("ip", "link").contains("eth0"))
  }

  @Test("STATUS succeeds, and is code 50 where an address cannot be had")
  func status() throws {
    let way = BridgeScene.Way(version: "1.1.0")
    try scene.succeed("STATUS", nil, scene.dualStack, way)
    let range = #"{"subnet":"10.22.0.0/24","rangeStart":"10.22.0.2","rangeEnd":"10.22.0.2"}"#
    let members = #""ipam":{"type":"host-local","dataDir":"\#(scene.dataDir)","ranges":[[\#(range)]]},"#
    try scene.succeed("ADD", try BridgeScene.Pod(), members, way)
    #expect(try scene.fail("STATUS", nil, members, way).code == 50)
    try scene.node.ip("link del cni0\nlink add cni0 type veth peer name other")
    #expect(try scene.fail("STATUS", nil, scene.dualStack, way) == (50, "bridge: cni0 exists, but is no bridge"))
  }
}
