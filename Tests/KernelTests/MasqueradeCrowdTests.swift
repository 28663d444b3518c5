// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OwnTable
import Rules
import TestSupport
import Testing

@Suite("masquerading: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct MasqueradeCrowdTests {
  private static func owner(_ index: Int) -> CNI.Attachment {
    CNI.Attachment(network: "test", containerID: "c\(index)", interface: "eth0")
  }

  private static func sources(_ index: Int) -> [Prefix] {
    ["10.22.1.\(index)/16", "fd00:22::\(index)/64"].compactMap { Prefix($0) }
  }

  /// Does something for each of 32 containers, each on a thread of its own in the node's namespace.
  private func each(_ node: Node, _ body: @escaping @Sendable (Int) throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
      for index in 0..<32 {
        group.addTask { try await onOwnThread { try node.namespace.run { try body(index) } } }
      }
      try await group.waitForAll()
    }
  }

  @Test("32 containers come and go at once in our own table: nothing is lost, nothing is left")
  func elements() async throws {
    let scene = try MasqueradeScene(networks: [])
    try await each(scene.node) { index in
      _ = try NFTablesMasquerade().apply(MasqueradeRequest(Self.owner(index), Self.sources(index)))
    }
    #expect(try scene.elements().count == 32 * 3)
    try await each(scene.node) { index in
      let request = MasqueradeRequest(Self.owner(index), Self.sources(index))
      if try NFTablesMasquerade().verify(request) != [] { throw Mute() }
      // With one that goes while others come, every change meets another.
      if index % 2 == 0 { try NFTablesMasquerade().remove(MasqueradeHint(Self.owner(index), [])) }
    }
    #expect(try scene.elements().count == 16 * 3)
    try await each(scene.node) { index in
      try NFTablesMasquerade().remove(MasqueradeHint(Self.owner(index), Self.sources(index)))
    }
    #expect(try scene.elements() == [])
  }

  @Test(
    "32 containers come and go at once in upstream's chains, by iptables and by MAC address",
    arguments: IPTablesSettings.Variant.allCases)
  func chains(variant: IPTablesSettings.Variant) async throws {
    let scene = try MasqueradeScene(networks: [])
    let programs = try IPTablesPrograms(variant)
    func check(_ index: Int) throws -> MACSpoofCheck {
      MACSpoofCheck(Self.owner(index).id, port: "veth\(index)", address: try #require(MACAddress("02:00:00:00:00:01")))
    }
    let checks = try (0..<32).map(check)
    try await each(scene.node) { index in
      _ = try NFTablesMACSpoofGuard().apply(checks[index])
      _ = try scene.host(programs).masquerader(.iptables).apply(
        MasqueradeRequest(Self.owner(index), Self.sources(index)))
    }
    #expect(try scene.savedOfContainers(variant).count == 32 * 8)
    #expect(try scene.nft("list table bridge nat").matches(of: #/jump cni-br-iface-c[0-9]+-eth0 /#).count == 32)
    try await each(scene.node) { index in
      if try NFTablesMACSpoofGuard().verify(checks[index]) != [] { throw Mute() }
      try NFTablesMACSpoofGuard().remove(checks[index].owner)
      try scene.host(programs).remove(MasqueradeHint(Self.owner(index), Self.sources(index)))
    }
    #expect(try scene.savedOfContainers(variant) == [])
    #expect(try !scene.nft("list table bridge nat").contains("eth0"))
  }
}
