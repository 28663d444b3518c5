// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

@Suite(
  "portmap by iptables: DEL, GC and STATUS",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesDeletionTests {
  enum DeletionCase: CaseIterable {
    case asAdded, withoutResult, withoutPorts, withoutAnything, withFewerPorts, withOtherPorts, withBadOptions
    case withoutNamespace, withoutBackend, withNFTables, withOtherBit, withUnknownConditions

    func call(_ host: PortmapNode, _ container: Container, _ mappings: [PortMapping]) throws -> Outcome {
      var plain = host
      plain.members = ""
      return switch self {
      case .asAdded: try host.call("DEL", container, mappings, options: PortmapIPTablesDeletionTests.options)
      case .withoutResult: try host.call("DEL", container, mappings, prevResult: false)
      case .withoutPorts: try host.call("DEL", container)
      case .withoutAnything:
        try plain.call("DEL", container, prevResult: false, environment: ["CNI_NETNS": ""])
      case .withFewerPorts: try host.call("DEL", container, [mappings[1]])
      case .withOtherPorts: try host.call("DEL", container, [PortMapping(7070, 70)])
      case .withBadOptions: try host.call("DEL", container, mappings, options: #""snat":7,"markMasqBit":99,"#)
      case .withoutNamespace: try host.call("DEL", container, mappings, environment: ["CNI_NETNS": ""])
      case .withoutBackend: try plain.call("DEL", container, mappings)
      case .withNFTables: try host.byNFTables.call("DEL", container, mappings)
      case .withOtherBit: try host.call("DEL", container, mappings, options: #""markMasqBit":7,"#)
      case .withUnknownConditions:
        try host.call("DEL", container, mappings, options: #""conditionsV4":["-m","nonsense"],"#)
      }
    }
  }

  private static let options = #""sourceRanges":["2001:db8::/32","192.0.2.0/24","198.51.100.0/24"],"#

  @Test(
    "DEL removes everything of the owner and nothing of others, whatever its input is, and may be repeated",
    arguments: DeletionCase.allCases)
  func deletion(_ situation: DeletionCase) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    let mappings = [PortMapping(8080, 80), PortMapping(8081, 81, "udp"), PortMapping(8082, 82, on: Node.address)]
    try host.add(bystander, PortMapping(7070, 70))
    let before = try AddressFamily.allCases.map { try host.saved($0) }
    try host.succeed("ADD", container, mappings, options: Self.options)
    for _ in 0..<2 {
      try host.succeed("DEL", try situation.call(host, container, mappings))
      #expect(try AddressFamily.allCases.map { try host.saved($0) } == before)
    }
    let generation = try host.generation()
    try host.succeed("DEL", try situation.call(host, container, mappings))
    #expect(try host.generation() == generation)
  }

  @Test("DEL of a container that was never added, on a host without rules, makes no table")
  func nothingThere() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.delete(container, PortMapping(8080, 80))
    #expect(try host.ruleset() == "")
  }

  // MARK: - GC

  /// Two containers in network "test", and one each in networks with similar names.
  private struct Scene {
    let host: PortmapNode
    let kept: Container
    let stale: Container
    let foreign: [(network: String, container: Container)]

    init() throws {
      let host = try PortmapNode().byIPTables
      kept = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
      stale = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
      try host.add(kept, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
      try host.add(stale, PortMapping(8081, 80), PortMapping(8081, 80, "udp"), options: options)
      foreign = try ["test2", "tes"].enumerated().map { index, name in
        var other = host
        other.network = name
        let container = try host.node.addContainer(ip: "10.22.0.\(7 + index)")
        try other.add(container, PortMapping(8090 + index, 80))
        return (name, container)
      }
      self.host = host
    }

    func collect(_ members: String) throws -> Outcome {
      try PortmapIPTablesDeletionTests.collect(host, kept, members)
    }

    func check() throws {
      for (index, (network, container)) in foreign.enumerated() {
        var other = host
        other.network = network
        try other.check(container, PortMapping(8090 + index, 80))
      }
    }
  }

  private static func collect(_ host: PortmapNode, _ container: Container, _ members: String) throws -> Outcome {
    let outcome = try host.call(
      "GC", container, options: members, prevResult: false, version: "1.1.0",
      environment: ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""])
    try host.succeed("GC", outcome)
    return outcome
  }

  @Test(
    "attachments that the list lacks are removed; other networks stay", arguments: ["valid-attachments", "attachments"])
  func list(key: String) throws {
    let scene = try Scene()
    let chains = { try scene.host.savedOfContainers().filter { $0.hasPrefix(":") }.count }
    #expect(try chains() == 6)
    _ = try scene.collect(#""cni.dev/\#(key)":[{"containerID":"\#(scene.kept.id)","ifname":"eth0"}],"#)
    #expect(try chains() == 4)
    #expect(try !scene.host.savedOfContainers().contains { $0.contains(scene.stale.id) || $0.contains("10.22.0.6") })
    try scene.host.check(scene.kept, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
    try scene.check()
  }

  @Test("null and an empty list mean that nothing is valid", arguments: ["null", "[]"])
  func nothingValid(value: String) throws {
    let scene = try Scene()
    _ = try scene.collect(#""cni.dev/valid-attachments":\#(value),"#)
    #expect(try scene.host.savedOfContainers().filter { $0.hasPrefix(":") }.count == 2)
    try scene.check()
  }

  @Test("without a list nothing is removed, with a note on stderr")
  func noList() throws {
    let scene = try Scene()
    let before = try scene.host.ruleset()
    #expect(try scene.collect("").errorText.contains("nothing removed"))
    #expect(try scene.host.ruleset() == before)
  }

  @Test("GC also removes what upstream added, and keeps it if the list has it")
  func peers() throws {
    let host = try PortmapNode()
    let kept = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let stale = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.byUpstream.add(kept, PortMapping(8080, 80))
    let before = try AddressFamily.allCases.map { try host.savedInOrder($0) }
    try host.byUpstream.add(stale, PortMapping(8081, 80))
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(kept.id)","ifname":"eth0"}],"#
    _ = try Self.collect(host.byIPTables, kept, list)
    #expect(try AddressFamily.allCases.map { try host.savedInOrder($0) } == before)
  }

  @Test(
    "networks with long names are told apart, and their stale attachments are removed",
    arguments: [230, 235, 236, 237, 240, 250])
  func longNames(length: Int) throws {
    // The comment does not hold the end of longer names: there no rules of other networks may be removed.
    let isWhole = length <= 240
    var host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    var other = host
    let bystander = try host.node.addContainer(ip: "10.22.0.6")
    host.network = String(repeating: "n", count: length)
    other.network = String(repeating: "n", count: length - 1) + "m"
    try host.add(container, PortMapping(8080, 80))
    try other.add(bystander, PortMapping(8081, 80))
    _ = try Self.collect(host, container, #""cni.dev/valid-attachments":[],"#)
    if isWhole {
      #expect(try !host.savedOfContainers().contains { $0.contains("10.22.0.5") }, "the stale container has its rules")
    }
    #expect(try host.savedOfContainers().contains { $0.contains("10.22.0.6") }, "the other network's have gone")
  }

  // MARK: - STATUS

  @Test("STATUS is ready before and after the first ADD, leaves nothing, and is 50 without the capability")
  func status() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let ask = { try host.call("STATUS", container, prevResult: false, version: "1.1.0") }
    try host.succeed("STATUS", try ask())
    #expect(try host.ruleset() == "")
    try host.add(container, PortMapping(8080, 80))
    let before = try host.ruleset()
    try host.succeed("STATUS", try ask())
    #expect(try host.ruleset() == before)
    let refused = try host.node.namespace.run {
      try Program("setpriv").run(
        ["--bounding-set", "-net_admin", "--inh-caps", "-all", PortmapNode.program.path, "portmap"],
        environment: ["CNI_COMMAND": "STATUS"], input: pluginConfig("portmap", "test", "1.1.0", host.members, nil))
    }
    let reason = try #require(errorObject(refused))
    #expect(reason.code == 50)
    #expect(reason.message.contains("CAP_NET_ADMIN"))
  }

  @Test(
    "where the host's iptables is the legacy variant, DEL and GC with the backend nftables remove its rules",
    arguments: ["DEL", "GC"])
  func legacyHost(verb: String) throws {
    let host = try PortmapNode().byNFTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    let script = """
      mount -t tmpfs none /etc/alternatives && ln -s /usr/sbin/iptables-legacy /etc/alternatives/iptables \
      && exec "$0" portmap
      """
    let config = pluginConfig("portmap", "test", "1.1.0", #""cni.dev/valid-attachments":[],"#, nil)
    let outcome = try host.node.namespace.run {
      try Program("unshare").run(
        ["--mount", "sh", "-c", script, PortmapNode.program.path], environment: container.environment(verb),
        input: config)
    }
    try host.succeed(verb, outcome)
    host.settle()
    #expect(try host.elements() == [])
  }
}
