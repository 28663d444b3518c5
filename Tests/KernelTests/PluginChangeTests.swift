// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "a change of plugins under running containers",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PluginChangeTests {
  /// The plugins, ours or upstream's, that add and then delete a container.
  enum Change: CaseIterable {
    case upstreamsToOurs, oursToUpstreams

    func order<T>(ours: T, peers: T) -> (adds: T, deletes: T) {
      self == .upstreamsToOurs ? (peers, ours) : (ours, peers)
    }
  }

  // MARK: - portmap

  @Test(
    "portmap: each plugin deletes what the other has added, and other containers keep their rules and ports",
    arguments: IPTablesSettings.Variant.allCases, Change.allCases)
  func portmap(variant: IPTablesSettings.Variant, change: Change) throws {
    let host = try PortmapNode(programs: IPTablesPrograms(variant))
    let (ours, peers) = (host.byAnyIPTables, host.byUpstream)
    let containers = try (5..<8).map { try host.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
    // Upstream's ADD comes first, because our plugin finds out the host's variant by its rules.
    try peers.add(containers[1], PortMapping(8081, 80))
    try ours.add(containers[2], PortMapping(8082, 80))
    let before = try host.savedOfAll()
    let isOther = { (line: String) in !line.hasPrefix("\(variant.rawValue) ") }
    #expect(!before.contains { isOther($0) && $0.contains("CNI-") })
    let servers = try containers.map(DualServer.init)
    let (adds, deletes) = change.order(ours: ours, peers: peers)
    let mappings = [
      PortMapping(8080, 80), PortMapping(8090, 90), PortMapping(5353, 53, "udp"), PortMapping(9900, 99, "sctp"),
    ]
    try adds.succeed("ADD", containers[0], mappings)
    for (index, server) in servers.enumerated() { try server.expectAnswers(at: UInt16(8080 + index), of: host.node) }
    try deletes.succeed("DEL", containers[0], mappings)
    #expect(try changes(from: before, to: host.savedOfAll()) == [])
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    #expect(isUnreachable(host.node.client, Node.address6, 8080))
    for (index, server) in servers.enumerated().dropFirst() {
      try server.expectAnswers(at: UInt16(8080 + index), of: host.node)
    }
  }

  @Test(
    "portmap: our DEL removes what upstream has added, and its UDP flows, if the configuration names no backend too",
    arguments: IPTablesSettings.Variant.allCases)
  func noBackend(variant: IPTablesSettings.Variant) throws {
    let host = try PortmapNode(programs: IPTablesPrograms(variant))
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let inside = try container.namespace.run { try UDPSocket("10.22.0.5", 53, timeout: 300) }
    let onHost = try host.node.namespace.run { try UDPSocket(Node.address, 5353) }
    let client = try host.node.client.run { try UDPSocket(Node.clientAddress) }
    try host.byUpstream.add(container, PortMapping(5353, 53, "udp"))
    try client.send("to the container", to: Endpoint(Node.address, 5353))
    #expect(try inside.receive().text == "to the container")
    try host.delete(container, PortMapping(5353, 53, "udp"))
    #expect(try host.savedOfContainers() == [])
    try client.send("to the host", to: Endpoint(Node.address, 5353))
    #expect(try onHost.receive().text == "to the host")
  }

  // MARK: - bandwidth

  @Test(
    "bandwidth: what one plugin has added is gone after the other's DEL and the interface's end; other containers keep their limits",
    arguments: Change.allCases)
  func bandwidth(change: Change) throws {
    let scene = try BandwidthScene()
    let (program, peer) = (BandwidthScene.program, BandwidthScene.peer)
    // Two containers that stay; upstream adds that of the scene.
    let upstreamsResult = try scene.succeed("ADD", BandwidthScene.both, .init(program: peer)).outputText
    let ours = try scene.node.addContainer(ip: "10.22.0.6")
    let oursResult = try scene.succeed("ADD", BandwidthScene.both, .init(container: ours)).outputText
    func state() throws -> [String] { [try scene.state(), try scene.filters(ours.hostInterface)] }
    let before = try state()
    let container = try scene.node.addContainer(ip: "10.22.0.7")
    let attached = try state()
    let (adds, deletes) = change.order(ours: program, peers: peer)
    let added = try scene.succeed("ADD", BandwidthScene.both, .init(container: container, program: adds))
    for limitedOne in [scene.container, ours, container] { try expectLimits(scene, limitedOne) }
    try scene.succeed(
      "DEL", BandwidthScene.both, .init(container: container, prevResult: added.outputText, program: deletes))
    if change == .upstreamsToOurs {
      #expect(try state() == attached)
      #expect(try scene.filters(container.hostInterface).isEmpty)
      #expect(unlimited.contains(try toContainer(scene, container).rateNow()))
      #expect(unlimited.contains(try fromContainer(scene, container).rateNow()))
    }
    #expect(try scene.ifbs().count == 2)
    // Upstream's DEL leaves the qdiscs of the interface, which the runtime deletes next.
    try scene.node.namespace.ip("link del \(container.hostInterface)")
    #expect(try state() == before)
    try scene.succeed("CHECK", BandwidthScene.both, .init(prevResult: upstreamsResult, program: peer))
    try scene.succeed("CHECK", BandwidthScene.both, .init(container: ours, prevResult: oursResult))
    for limitedOne in [scene.container, ours] { try expectLimits(scene, limitedOne) }
  }

  private func toContainer(_ scene: BandwidthScene, _ container: Container) throws -> Flow {
    try Flow(from: scene.node.namespace, to: container.namespace, container.ip)
  }

  private func fromContainer(_ scene: BandwidthScene, _ container: Container) throws -> Flow {
    try Flow(from: container.namespace, to: scene.node.namespace, "\(container.network.gateway.address)")
  }

  private func expectLimits(_ scene: BandwidthScene, _ container: Container) throws {
    #expect(limited.contains(try toContainer(scene, container).rateNow(bytes: 100_000)))
    #expect(limited.contains(try fromContainer(scene, container).rateNow(bytes: 100_000)))
  }

  // MARK: - tuning

  private static let tuned =
    #""sysctl":{"net.core.somaxconn":"500"},"mac":"02:AB:00:00:00:77","mtu":1300,"promisc":true,"allmulti":true,"#

  @Test(
    "tuning: each plugin restores what the other has changed, and other containers keep their values",
    arguments: Change.allCases)
  func tuning(change: Change) throws {
    let scene = try TuningScene()
    let others = try (6..<8).map { try scene.node.addContainer(ip: "10.22.0.\($0)") }
    let plain = try others.map { try scene.link($0) }
    let before = try scene.link()
    for (other, program) in zip(others, [TuningScene.program, TuningScene.peer]) {
      try succeed(try scene.call("ADD", Self.tuned, container: other, program: program))
    }
    let (links, backups) = (try others.map { try scene.link($0) }, try scene.backups())
    let (adds, deletes) = change.order(ours: TuningScene.program, peers: TuningScene.peer)
    try succeed(try scene.call("ADD", Self.tuned, program: adds))
    for word in ["mtu 1300", "02:ab:00:00:00:77", "PROMISC", "ALLMULTI"] { #expect(try scene.link().contains(word)) }
    try succeed(try scene.call("DEL", Self.tuned, program: deletes))
    #expect(try scene.link() == before)
    // Neither plugin restores parameters unless requested.
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == "500")
    #expect(try others.map { try scene.link($0) } == links)
    #expect(try scene.backups() == backups)
    for other in others { try succeed(try scene.call("DEL", Self.tuned, container: other, program: deletes)) }
    #expect(try others.map { try scene.link($0) } == plain)
    #expect(try scene.files() == [])
  }

  @Test("tuning: from a backup with more than upstream knows, upstream restores what it knows")
  func unknownMembers() throws {
    let scene = try TuningScene()
    let before = try scene.link()
    let more = #""txQLen":77,"linkAlias":"web","group":5,"ethtool":{"rx-gro":true},"restoreSysctl":true,"#
    try succeed(try scene.call("ADD", Self.tuned + more))
    try succeed(try scene.call("DEL", Self.tuned + more, program: TuningScene.peer))
    #expect(try scene.files() == [])
    // The rest is restored by hand; then nothing may differ.
    try scene.container.namespace.ip("link set eth0 txqueuelen 1000 group default alias \"\"")
    #expect(try scene.link() == before)
  }

  private func succeed(_ outcome: Outcome) throws {
    if outcome.status != 0 { throw CommandFailure(words: ["tuning"], outcome: outcome) }
  }
}

extension TuningScene {
  /// The backups with their contents.
  fileprivate func backups() throws -> [String] {
    try files().map { name in
      let outcome = try Program("cat").run(["\(folder)/\(name)"])
      return "\(name): \(outcome.outputText)"
    }
  }
}
