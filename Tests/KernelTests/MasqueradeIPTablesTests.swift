// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPTables
import OwnTable
import Rules
import TestSupport
import Testing

@Suite(
  "masquerading by rules of iptables", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct MasqueradeIPTablesTests {
  private static let variants = IPTablesSettings.Variant.allCases

  /// The backend of a configuration that names iptables, on a host of a variant.
  private func iptables(_ scene: MasqueradeScene, _ programs: IPTablesPrograms) -> any Masquerader {
    scene.node.namespace.run { scene.host(programs).masquerader(.iptables) }
  }

  @Test("outside, a container comes by the host's address, and inside by its own", arguments: variants)
  func traffic(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(bridgeFilter: true), try IPTablesPrograms(variant))
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let other = try scene.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    let masquerader = iptables(scene, programs)
    try scene.apply(masquerader, container)
    for (family, host, own) in [
      (AddressFamily.ip, Node.address, "10.22.0.5"), (.ip6, Node.address6, "fd00:22::5"),
    ] {
      #expect(try scene.seen(container, family) == ip(host))
      #expect(try scene.seen(container, by: other, family) == ip(own))
      #expect(try scene.seen(container, inGroupWith: other, family) == ip(own))
    }
    #expect(try scene.problems(masquerader, container) == [])
    try scene.remove(masquerader, container)
    #expect(try scene.seen(container) == ip("10.22.0.5"))
    #expect(try scene.savedOfContainers(variant) == [])
  }

  @Test(
    "our rules are upstream's, either plugin's ADD finds the other's, and either's DEL removes them",
    arguments: variants, ["bridge", "ptp"])
  func upstream(variant: IPTablesSettings.Variant, plugin: String) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let upstream = try UpstreamInterface(plugin, scene, programs)
    let host = scene.host(programs)
    let owner = CNI.Attachment(network: scene.network, containerID: "cid1", interface: "eth0")
    let sources = try ["10.88.0.2/16", "fd00:88::2/64"].map { try #require(Prefix($0)) }
    let request = MasqueradeRequest(owner, sources)

    try upstream.call("ADD")
    let theirs = try scene.saved(variant)
    #expect(theirs.filter { $0.contains("CNI-") }.count == 8)
    try scene.node.namespace.run {
      let masquerader = host.masquerader(.iptables)
      let problems = try masquerader.verify(request)
      #expect(problems == [])
      _ = try masquerader.apply(request)
    }
    #expect(try scene.saved(variant) == theirs)
    try scene.node.namespace.run { try host.remove(MasqueradeHint(owner, [])) }
    #expect(try scene.savedOfContainers(variant) == [])

    try scene.node.namespace.run { _ = try host.masquerader(.iptables).apply(request) }
    #expect(try scene.saved(variant) == theirs)
    try upstream.call("DEL")
    #expect(try scene.savedOfContainers(variant) == [])
  }

  @Test("of two interfaces that share upstream's chain, DEL of one leaves the other masqueraded", arguments: variants)
  func interfaces(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let first = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let second = try scene.node.attach(first, ip: "10.22.0.6", ip6: "fd00:22::6", ifName: "eth1", network: .first)
    let masquerader = iptables(scene, programs)
    for container in [first, second] { try scene.apply(masquerader, container) }
    #expect(try scene.savedOfContainers(variant).count == 2 * (1 + 2 + 2))
    try scene.remove(masquerader, second)
    #expect(try scene.problems(masquerader, first) == [])
    #expect(try scene.seen(first) == ip(Node.address))
    try scene.remove(masquerader, first)
    #expect(try scene.savedOfContainers(variant) == [])
  }

  @Test("CHECK finds rules that are gone, and the next ADD puts them back", arguments: variants)
  func damage(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let container = try scene.node.addContainer(ip: "10.22.0.5")
    let masquerader = iptables(scene, programs)
    try scene.apply(masquerader, container)
    let whole = try scene.savedOfContainers(variant)
    let chain = try #require(whole.first?.dropFirst().split(separator: " ").first.map(String.init))
    for words in [["-F", "POSTROUTING"], ["-F", chain], ["-D", chain, "1"], ["-D", chain, "2"]] {
      try scene.node.namespace.command(
        "iptables-\(variant.rawValue)", "-w", "-t", "nat", words[0], words[1], words.count > 2 ? words[2] : "-v")
      #expect(try !scene.problems(masquerader, container).isEmpty)
      try scene.apply(masquerader, container)
      #expect(try scene.savedOfContainers(variant) == whole)
    }
  }

  @Test("GC removes upstream's rules of containers that are not in its list, whatever the backend", arguments: variants)
  func garbage(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let containers = try (5..<8).map { try scene.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
    let masquerader = iptables(scene, programs)
    for container in containers {
      try scene.apply(masquerader, container)
      try scene.apply(NFTablesMasquerade(), container)
    }
    let valid = scene.attachment(containers[1]).id
    try scene.node.namespace.run { try scene.host(programs).removeAll(ofNetwork: scene.network, sparing: [valid]) }
    #expect(try scene.savedOfContainers(variant).count == 2 * 4)
    #expect(try scene.elements().count == 3)
    #expect(try scene.problems(masquerader, containers[1]) == [])
    try scene.node.namespace.run { try scene.host(programs).removeAll(ofNetwork: "another", sparing: []) }
    #expect(try scene.elements().count == 3)
  }

  @Test("DEL removes every form, and where there is nothing it changes nothing and makes no table", arguments: variants)
  func forms(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let host = scene.host(programs)
    func delete() throws { try scene.node.namespace.run { try host.remove(scene.hint(container)) } }
    let generation = try scene.node.namespace.nftablesGeneration()
    try delete()
    #expect(try scene.node.namespace.nftablesGeneration() == generation)
    #expect(try scene.nft("list ruleset") == "")
    #expect(try scene.node.namespace.command("cat", "/proc/net/ip_tables_names") == "")

    try scene.apply(NFTablesMasquerade(), container)
    try scene.apply(iptables(scene, programs), container)
    try delete()
    #expect(try scene.elements() == [])
    #expect(try scene.savedOfContainers(variant) == [])
  }

  @Test("on a kernel without nf_tables the default is iptables-legacy, and DEL removes that")
  func withoutNFTables() throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(.legacy))
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let host = scene.host(programs)
    try scene.node.namespace.run {
      let namespace = scene.node.namespace
      try withoutNetfilterSockets {
        try namespace.run {
          let masquerader = host.masquerader(nil)
          _ = try masquerader.apply(scene.request(container))
          let problems = try masquerader.verify(scene.request(container))
          #expect(problems == [])
        }
      }
      let saved = try scene.savedOfContainers(.legacy)
      #expect(saved.count == 8)
      try withoutNetfilterSockets { try namespace.run { try host.remove(scene.hint(container)) } }
    }
    #expect(try scene.savedOfContainers(.legacy) == [])
    #expect(try scene.nft("list ruleset") == "")
  }

  @Test("the default is our own table, and both backends pass the probe, which changes nothing", arguments: variants)
  func defaults(variant: IPTablesSettings.Variant) throws {
    let (scene, programs) = (try MasqueradeScene(), try IPTablesPrograms(variant))
    let container = try scene.node.addContainer(ip: "10.22.0.5")
    let host = scene.host(programs)
    try scene.node.namespace.run {
      for backend in [nil, .nftables, .iptables] as [MasqueradeBackend?] { try host.masquerader(backend).probe() }
    }
    #expect(try scene.nft("list ruleset") == "")
    try scene.apply(host.masquerader(nil), container)
    #expect(try scene.elements().count == 2)
    #expect(try scene.savedOfContainers(variant) == [])
  }
}
