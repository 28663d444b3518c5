// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("firewall: destinations", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallDestinationTests {
  /// The addresses of the host beside the node, sorted as text: two of its own and more of each family.
  private static let addresses =
    (2...7).map { "192.0.2.\($0)" } + (2...7).map { "2001:db8:1::\($0)" }

  private static func lists(denied: [String], allowed: [String]) -> String {
    let lists = ["denyDestinations": denied, "allowDestinations": allowed].filter { !$0.value.isEmpty }
    return lists.map { name, prefixes in
      let texts = prefixes.map { #""\#($0)""# }.joined(separator: ",")
      return #""\#(name)":[\#(texts)],"#
    }.joined()
  }

  /// A container whose network has lists, and the host beside the node with all its addresses.
  private struct Scene {
    let host: FirewallNode
    let container: Container
    let inside: Party
    let outside: Party

    init(_ backend: FirewallBackend) throws {
      host = backend.of(try FirewallNode())
      for address in addresses where !address.hasSuffix("2") {
        try host.node.client.ip("addr add \(address)/\(address.contains(":") ? "64" : "24") dev eth0 nodad")
      }
      container = try host.makeContainer(5)
      (inside, outside) = (try Party(container), try Party(beside: host.node, addresses))
    }

    /// Adds the container, and returns the addresses that it reaches then.
    func reached(denied: [String] = [], allowed: [String] = []) async throws -> [String] {
      let options = lists(denied: denied, allowed: allowed)
      try host.succeed("ADD", container, options: options)
      try host.succeed("CHECK", container, options: options)
      return try await inside.reached(outside)
    }
  }

  @Test("destinations in denyDestinations are not reached, and all others are", arguments: FirewallBackend.allCases)
  func denied(backend: FirewallBackend) async throws {
    let scene = try Scene(backend)
    #expect(try await scene.reached(denied: ["192.0.2.4/31", "2001:db8:1::4/127"]) == Self.all(but: [4, 5]))
    // Nothing of the former lists is left.
    #expect(try await scene.reached(denied: ["192.0.2.2", "2001:db8:1::7"]) == Self.all(but: [2], [7]))
    #expect(try await scene.reached(denied: ["192.0.2.0/24"]) == Self.all(but: Array(2...7), []))
    #expect(try await scene.reached(denied: ["0.0.0.0/0", "::/0"]) == [])
    #expect(try await scene.reached() == Self.addresses)
  }

  @Test(
    "with allowDestinations alone nothing else is reached, in either family", arguments: FirewallBackend.allCases)
  func allowed(backend: FirewallBackend) async throws {
    let scene = try Scene(backend)
    #expect(
      try await scene.reached(allowed: ["192.0.2.4/30", "2001:db8:1::3"])
        == (4...7).map { "192.0.2.\($0)" } + ["2001:db8:1::3"])
    #expect(try await scene.reached(allowed: ["192.0.2.7"]) == ["192.0.2.7"])
    #expect(try await scene.reached(allowed: ["2001:db8:1::/64"]) == Self.all(but: Array(2...7), []))
  }

  @Test(
    "with both lists the longest prefix decides, and destinations in neither are reached",
    arguments: FirewallBackend.allCases)
  func both(backend: FirewallBackend) async throws {
    let scene = try Scene(backend)
    let denied = ["192.0.2.0/29", "192.0.2.6", "2001:db8:1::/125", "2001:db8:1::6/128"]
    let allowed = ["192.0.2.4/30", "2001:db8:1::4/126"]
    #expect(try await scene.reached(denied: denied, allowed: allowed) == Self.all(but: [2, 3, 6]))
    // In neither list.
    try scene.inside.expectReaches(Party(scene.host.makeContainer(9, on: .second)))
    try scene.host.delete(scene.container)
    #expect(try await scene.inside.reached(scene.outside) == Self.addresses)
  }

  @Test(
    "the denied destinations of one network are reached by containers of other networks",
    arguments: FirewallBackend.allCases)
  func otherNetworks(backend: FirewallBackend) async throws {
    let scene = try Scene(backend)
    let neighbours = [try scene.host.makeContainer(6), try scene.host.makeContainer(5, on: .second)]
    let other = scene.host.forNetwork("other")
    try other.succeed("ADD", neighbours[0])
    try other.succeed("ADD", neighbours[1], options: Self.lists(denied: ["192.0.2.3"], allowed: []))
    let denied = ["192.0.2.2", "2001:db8:1::2"]
    #expect(try await scene.reached(denied: denied) == Self.all(but: [2]))
    #expect(try await Party(neighbours[0]).reached(scene.outside) == Self.addresses)
    #expect(try await Party(neighbours[1]).reached(scene.outside) == Self.all(but: [3], []))
    // Two containers of a network share the list; it stays for the second.
    let second = try scene.host.makeContainer(7)
    try scene.host.succeed("ADD", second, options: Self.lists(denied: denied, allowed: []))
    try scene.host.delete(scene.container)
    #expect(try await Party(second).reached(scene.outside) == Self.all(but: [2]))
    // The list of a bridge also applies to packets from addresses that are not accepted for any container.
    #expect(try await scene.inside.reached(scene.outside) == Self.all(but: [2]))
  }

  @Test("a denied destination can still connect to the container and gets replies", arguments: FirewallBackend.allCases)
  func answers(backend: FirewallBackend) async throws {
    let scene = try Scene(backend)
    #expect(try await scene.reached(denied: ["0.0.0.0/0", "::/0"]) == [])
    scene.outside.expectReaches(scene.inside)
    #expect(try await scene.reached(denied: ["192.0.2.2", "2001:db8:1::2"]) == Self.all(but: [2]))
    scene.outside.expectReaches(scene.inside)
  }

  @Test(
    "a packet of ct state invalid passes in both directions without dropInvalid, and in neither with it",
    arguments: FirewallBackend.allCases)
  func invalidPackets(backend: FirewallBackend) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    let (container, bystander) = (try host.makeContainer(5), try host.makeContainer(6))
    try host.succeed("ADD", bystander)
    func passes(_ container: Container) throws -> [Bool] {
      let pairs = [(container.ip, Node.clientAddress), (try #require(container.ip6), Node.clientAddress6)]
      return try pairs.flatMap { (own, others) in
        let inside = try container.namespace.run { try RawTCP(own) }
        let outside = try host.node.client.run { try RawTCP(others) }
        try inside.sendReset(fromPort: 1234, to: Endpoint(others, 80))
        try outside.sendReset(fromPort: 1235, to: Endpoint(own, 80))
        return [try outside.receives(fromPort: 1234), try inside.receives(fromPort: 1235)]
      }
    }
    let all = [true, true, true, true]
    try host.succeed("ADD", container)
    #expect(try passes(container) == all)
    try host.succeed("ADD", container, options: #""dropInvalid":true,"#)
    try host.succeed("CHECK", container, options: #""dropInvalid":true,"#)
    #expect(try passes(container) == [false, false, false, false])
    #expect(try passes(bystander) == all)
    // Packets of connections are not dropped.
    try Party(container).expectIsTogether(with: Party(beside: host.node))
    try host.delete(container)
    #expect(try passes(container) == all)
  }

  /// All addresses except those with these last digits, which are the same for both families unless given for IPv6.
  private static func all(but last: [Int], _ last6: [Int]? = nil) -> [String] {
    addresses.filter { address in
      let ends = address.contains(":") ? last6 ?? last : last
      return !ends.contains { address.hasSuffix("\($0)") }
    }
  }
}
