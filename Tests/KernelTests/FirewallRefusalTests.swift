// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "firewall: what it refuses, and STATUS", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallRefusalTests {
  /// Members of a configuration, and what the error must name.
  static let members: [(members: String, field: String)] = [
    (#""backend":"ufw","#, "backend"), (#""backend":7,"#, "backend"),
    (#""ingressPolicy":"closed","#, "ingressPolicy"), (#""ingressPolicy":7,"#, "ingressPolicy"),
    (#""ingressPolicy":"Isolated","#, "ingressPolicy"),
    (#""iptablesVariant":"nftables","#, "iptablesVariant"), (#""iptablesVariant":true,"#, "iptablesVariant"),
    (#""iptablesAdminChainName":"abcdefghijklmnopqrstuvwxyz123","#, "iptablesAdminChainName"),
    (#""iptablesAdminChainName":"MY CHAIN","#, "iptablesAdminChainName"),
    (#""firewalldZone":7,"#, "firewalldZone"), (#""dropInvalid":"yes","#, "dropInvalid"),
    (#""denyDestinations":"10.0.0.0/8","#, "denyDestinations"),
    (#""denyDestinations":["10.0.0.0/33"],"#, "denyDestinations[0]"),
    (#""denyDestinations":["10.0.0.0/8","10.0.0.300"],"#, "denyDestinations[1]"),
    (#""denyDestinations":["localhost"],"#, "denyDestinations[0]"),
    (#""allowDestinations":[7],"#, "allowDestinations[0]"),
    (#""allowDestinations":["fd00::/129"],"#, "allowDestinations[0]"),
    (#""denyDestinations":["10.0.0.0/8","fd00::1/64"],"allowDestinations":["fd00::/64"],"#, "allowDestinations"),
  ]

  @Test("an option that is wrong is code 7, which names it, and changes nothing", arguments: members)
  func option(members: String, field: String) throws {
    let host = try FirewallNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    for added in [false, true] {
      if added { try host.byNFTables.succeed("ADD", container) }
      let (before, generation) = (try host.ownedElements(), try host.node.namespace.nftablesGeneration())
      let tables = try host.legacyTables()
      for verb in ["ADD", "CHECK"] {
        let error = try #require(errorObject(try host.call(verb, container, options: members)), "\(verb) takes it")
        #expect(error.code == 7)
        #expect(error.message.contains("\(field): "), "\(error.message)")
        #expect(try host.ownedElements() == before)
        #expect(try host.node.namespace.nftablesGeneration() == generation)
        #expect(try host.legacyTables() == tables)
      }
    }
  }

  @Test("without the result of other plugins ADD and CHECK are code 7", arguments: FirewallNode.Place.allCases)
  func noResult(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for verb in ["ADD", "CHECK"] {
      let error = try #require(errorObject(try host.call(verb, container, prevResult: false)))
      #expect(error.code == 7)
      #expect(error.message.contains("prevResult"))
    }
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
    #expect(try host.legacyTables() == "")
  }

  @Test(
    "a container on no bridge that is to be isolated is code 7, and nothing changes",
    arguments: FirewallNode.Place.allCases, ["same-bridge", "isolated"])
  func noBridge(place: FirewallNode.Place, policy: String) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.node.namespace.ip("link set \(container.hostInterface) nomaster")
    for verb in ["ADD", "CHECK"] {
      let outcome = try host.call(verb, container, options: #""ingressPolicy":"\#(policy)","#)
      let error = try #require(errorObject(outcome))
      #expect(error.code == 7)
      #expect(error.message.contains("ingressPolicy: ") && error.message.contains(container.hostInterface))
    }
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
    #expect(try host.legacyTables() == "")
  }

  // MARK: - STATUS

  @Test("STATUS is ready before and after the first ADD, and changes nothing", arguments: FirewallNode.Place.allCases)
  func status(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    let first = try host.callForNetwork("STATUS", "")
    #expect(first.status == 0, "\(first.outputText)")
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
    try host.succeed("ADD", try host.node.addContainer(ip: "10.22.0.5"))
    let (before, generation) = (try host.state(), try host.node.namespace.nftablesGeneration())
    #expect(try host.callForNetwork("STATUS", "").status == 0)
    #expect(try host.state() == before)
    #expect(try host.node.namespace.nftablesGeneration() == generation)
  }

  @Test("STATUS is 50 where firewalld is asked for and does not run, and 7 for options that are wrong, as ADD is")
  func notReady() throws {
    let host = try FirewallNode()
    for (members, code, word) in [
      (#""backend":"firewalld","#, 50, "firewalld"), (#""ingressPolicy":7,"#, 7, "ingressPolicy"),
    ] {
      let error = try #require(errorObject(try host.callForNetwork("STATUS", members)))
      #expect(error.code == code)
      #expect(error.message.contains(word))
    }
  }
}
