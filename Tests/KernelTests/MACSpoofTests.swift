// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OwnTable
import Rules
import TestSupport
import Testing

@Suite("MAC spoof checks", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct MACSpoofTests {
  private let spoofing = NFTablesMACSpoofGuard()

  private func check(_ container: Container) throws -> MACSpoofCheck {
    MACSpoofCheck(
      AttachmentID(containerID: container.id, interface: container.ifName), port: container.hostInterface,
      address: try #require(MACAddress(container.hardwareAddress)))
  }

  private func reaches(_ container: Container, _ other: Container, within milliseconds: Int = 5000) -> Bool {
    do {
      let server = try other.namespace.run { try UDPSocket(other.ip, timeout: milliseconds) }
      let client = try container.namespace.run { try UDPSocket("0.0.0.0") }
      try client.send("hello", to: Endpoint(other.ip, try server.local.port))
      return try server.receive().text == "hello"
    } catch {
      return false
    }
  }

  @Test("a container that takes another MAC address is not heard, until the check is removed")
  func traffic() throws {
    let scene = try MasqueradeScene()
    let container = try scene.node.addContainer(ip: "10.22.0.5")
    let other = try scene.node.addContainer(ip: "10.22.0.6")
    let check = try check(container)
    try scene.node.namespace.run { _ = try spoofing.apply(check) }
    #expect(reaches(container, other) && reaches(other, container))
    try container.namespace.ip("link set eth0 address 02:00:00:00:00:99")
    #expect(!reaches(container, other, within: 300))
    try scene.node.namespace.run { try spoofing.remove(check.owner) }
    // Who has asked in vain for the other's address asks again within a second.
    #expect(reaches(container, other))
  }

  @Test("rules are not removed if their port is another's")
  func anothers() throws {
    let scene = try MasqueradeScene()
    let container = try scene.node.addContainer(ip: "10.22.0.5")
    let check = try check(container)
    let problems = try scene.node.namespace.run {
      _ = try spoofing.apply(check)
      try spoofing.remove(check.owner) { $0 == container.hostInterface }
      return try spoofing.verify(check)
    }
    #expect(problems == [])
    try scene.node.namespace.run { try spoofing.remove(check.owner) { $0 == "another" } }
    #expect(try !scene.nft("list table bridge nat").contains(container.id))
  }

  @Test("the rules are upstream's: its ADD makes what CHECK passes, our DEL removes it, and its DEL removes ours")
  func upstream() throws {
    let scene = try MasqueradeScene()
    var bridge = try UpstreamInterface("bridge", scene, try IPTablesPrograms(.nft))
    bridge.members = #""macspoofchk":true,"#
    try bridge.call("ADD")
    let theirs = try scene.nft("list table bridge nat")
    let port = try #require(theirs.firstMatch(of: /iifname "([^"]+)"/)).1
    let address = try #require(theirs.firstMatch(of: /ether saddr ([0-9a-f:]+)/)).1
    let owner = AttachmentID(containerID: "cid1", interface: "eth0")
    let check = MACSpoofCheck(owner, port: String(port), address: try #require(MACAddress(String(address))))
    let generation = try scene.node.namespace.nftablesGeneration()
    let problems = try scene.node.namespace.run {
      _ = try spoofing.apply(check)
      return try spoofing.verify(check)
    }
    #expect(problems == [])
    #expect(try scene.node.namespace.nftablesGeneration() == generation)

    try scene.node.namespace.run { try spoofing.remove(owner) }
    let empty = try scene.nft("list table bridge nat")
    #expect(!empty.contains("cid1") && empty.contains("chain PREROUTING"))
    try scene.node.namespace.command("nft", "delete table bridge nat")
    try scene.node.namespace.run { _ = try spoofing.apply(check) }
    #expect(Self.sorted(try scene.nft("list table bridge nat")) == Self.sorted(theirs))
    try bridge.call("DEL")
    #expect(try scene.nft("list table bridge nat") == empty)
  }

  private static func sorted(_ text: String) -> [String] { text.split(separator: "\n").map(String.init).sorted() }

  /// What somebody may have done to the table.
  static let damages = [
    "delete table bridge nat", "flush chain bridge nat PREROUTING", "flush chain bridge nat cni-br-iface-c1-eth0",
    "flush chain bridge nat cni-br-iface-c1-eth0-mac", "add table bridge nat { flags dormant; }",
    "add rule bridge nat cni-br-iface-c1-eth0-mac accept",
    "add rule bridge nat PREROUTING iifname veth9 jump cni-br-iface-c1-eth0",
  ]

  @Test("CHECK finds damage and changes nothing, and the next ADD mends it without touching others", arguments: damages)
  func damage(command: String) throws {
    let scene = try MasqueradeScene(networks: [])
    func check(_ id: String) throws -> MACSpoofCheck {
      MACSpoofCheck(
        AttachmentID(containerID: id, interface: "eth0"), port: "veth\(id)",
        address: try #require(MACAddress("02:00:00:00:00:01")))
    }
    let (own, other) = (try check("c1"), try check("c2"))
    func problems(_ check: MACSpoofCheck) throws -> [String] {
      try scene.node.namespace.run { try spoofing.verify(check) }
    }
    try scene.node.namespace.run {
      _ = try spoofing.apply(own)
      _ = try spoofing.apply(other)
    }
    #expect(try problems(own) == [])
    try scene.node.namespace.command("nft", command)
    let damaged = try scene.nft("list ruleset")
    #expect(try !problems(own).isEmpty)
    #expect(try scene.nft("list ruleset") == damaged)
    try scene.node.namespace.run {
      _ = try spoofing.apply(own)
      _ = try spoofing.apply(other)
    }
    #expect(try problems(own) == [] && problems(other) == [])
    try scene.node.namespace.run { try spoofing.remove(own.owner) }
    let left = try scene.nft("list ruleset")
    #expect(!left.contains("c1-eth0") && left.contains("c2-eth0"))
    #expect(try problems(other) == [])
    let generation = try scene.node.namespace.nftablesGeneration()
    try scene.node.namespace.run { try spoofing.remove(own.owner) }
    #expect(try scene.node.namespace.nftablesGeneration() == generation)
  }

  @Test("a name that is too long for chains is refused, and has nothing to remove")
  func longName() throws {
    let scene = try MasqueradeScene(networks: [])
    func owner(_ count: Int) -> AttachmentID {
      AttachmentID(containerID: String(repeating: "a", count: count), interface: "eth0")
    }
    let address = try #require(MACAddress("02:00:00:00:00:01"))
    try scene.node.namespace.run {
      try spoofing.requireRoom(for: owner(233))
      let check = MACSpoofCheck(owner(233), port: "veth1", address: address)
      _ = try spoofing.apply(check)
      #expect(try spoofing.verify(check) == [])
      try spoofing.remove(owner(233))
      let error = #expect(throws: CNIError.self) { try spoofing.requireRoom(for: owner(234)) }
      #expect(error?.code == .invalidConfiguration)
      #expect(
        error?.message.contains("a container ID of at most 233 bytes beside the interface eth0, found 234") == true)
      try spoofing.remove(owner(234))
    }
    #expect(try !scene.nft("list ruleset").contains("aaa"))
  }

  @Test("ADD with another port or address replaces the check, and its undo gives it back, or takes a first one away")
  func undo() throws {
    let scene = try MasqueradeScene(networks: [])
    let owner = AttachmentID(containerID: "c1", interface: "eth0")
    let old = MACSpoofCheck(owner, port: "veth1", address: try #require(MACAddress("02:00:00:00:00:01")))
    let new = MACSpoofCheck(owner, port: "veth2", address: try #require(MACAddress("02:00:00:00:00:02")))
    let problems = try scene.node.namespace.run {
      try spoofing.apply(old).undo()
      try spoofing.probe()
      var problems = [try spoofing.verify(old).isEmpty]
      _ = try spoofing.apply(old)
      let change = try spoofing.apply(new)
      problems += [try spoofing.verify(new).isEmpty, try spoofing.verify(old).isEmpty]
      try change.undo()
      return problems + [try spoofing.verify(new).isEmpty, try spoofing.verify(old).isEmpty]
    }
    #expect(problems == [false, true, false, false, true])
  }
}
