// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import Rules
import TestSupport
import Testing

@Suite("firewall: ownership", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallOwnershipTests {
  private static let isolated = """
    "ingressPolicy":"isolated","denyDestinations":["198.51.100.0/24","2001:db8:5::/48"],"dropInvalid":true,
    """
  private static let sameBridge = #""ingressPolicy":"same-bridge","allowDestinations":["10.0.0.0/8"],"#

  @Test(
    "an ADD that is repeated changes nothing, and one with other options or addresses replaces all that was there",
    arguments: FirewallNode.Place.allCases)
  func repeatedAdd(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let moved = Container(namespace: container.namespace, id: container.id, address: try ip("10.22.0.6"))
    let additions = [
      (container, Self.isolated), (container, Self.sameBridge), (container, ""), (moved, Self.isolated), (moved, ""),
    ]
    try host.succeed("ADD", container)
    var states: [[String]] = []
    for (container, options) in additions {
      try host.succeed("DEL", container, options: options)
      try host.succeed("ADD", container, options: options)
      states.append(try host.state())
      let generation = try host.node.namespace.nftablesGeneration()
      try host.succeed("ADD", container, options: options)
      #expect(try host.state() == states.last)
      #expect(try host.node.namespace.nftablesGeneration() == generation)
    }
    for (first, former) in additions.enumerated() {
      for (second, latter) in additions.enumerated() where first != second {
        try host.succeed("ADD", former.0, options: former.1)
        try host.succeed("ADD", latter.0, options: latter.1)
        // The order of rules of several policies does not matter.
        let difference = changes(from: states[second].sorted(), to: try host.state().sorted())
        #expect(difference == [], "\(second) after \(first)")
        try host.succeed("CHECK", latter.0, options: latter.1)
      }
    }
  }

  @Test(
    "an address that another container has taken over keeps its accept when the old owner is deleted",
    arguments: FirewallNode.Place.allCases, [true, false])
  func takeover(place: FirewallNode.Place, prevResult: Bool) throws {
    let host = try FirewallNode().at(place)
    let old = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let new = Container(namespace: old.namespace, address: old.address, address6: old.address6)
    try host.succeed("ADD", new, options: Self.sameBridge)
    let alone = try host.state()
    try host.succeed("DEL", new, options: Self.sameBridge)
    try host.succeed("ADD", old, options: Self.isolated)
    let takeover = try host.call("ADD", new, options: Self.sameBridge)
    #expect(takeover.status == 0)
    if place == .nftables { #expect(takeover.errorText.contains("10.22.0.5 taken over from test/\(old.id)/eth0")) }
    for _ in 0..<2 {
      try host.succeed("DEL", old, options: Self.isolated, prevResult: prevResult)
      #expect(try changes(from: alone, to: host.state()) == [])
      try host.succeed("CHECK", new, options: Self.sameBridge)
    }
  }

  // MARK: - DEL

  enum DeletionCase: CaseIterable {
    case asAdded, withoutResult, withoutNamespace, withoutAnything, withBadOptions, withOtherOptions
    case withOthersAddresses, withBadResult

    func call(_ host: FirewallNode, _ container: Container, _ other: Container) throws -> Outcome {
      var plain = host
      plain.members = ""
      let noNamespace = ["CNI_NETNS": ""]
      let isolated = FirewallOwnershipTests.isolated
      return switch self {
      case .asAdded: try host.call("DEL", container, options: isolated)
      case .withoutResult: try host.call("DEL", container, options: isolated, prevResult: false)
      case .withoutNamespace: try host.call("DEL", container, options: isolated, environment: noNamespace)
      case .withoutAnything: try plain.call("DEL", container, prevResult: false, environment: noNamespace)
      case .withBadOptions: try host.call("DEL", container, options: #""ingressPolicy":7,"denyDestinations":"x","#)
      case .withOtherOptions: try host.call("DEL", container, options: FirewallOwnershipTests.sameBridge)
      case .withOthersAddresses:
        try host.call(
          "DEL",
          Container(
            namespace: container.namespace, id: container.id, address: other.address, address6: other.address6),
          options: isolated)
      case .withBadResult: try host.call("DEL", container, options: isolated + #""prevResult":7,"#, prevResult: false)
      }
    }
  }

  @Test(
    "DEL removes everything of the owner and nothing of others, whatever its input is, and may be repeated",
    arguments: FirewallNode.Place.allCases, DeletionCase.allCases)
  func deletion(place: FirewallNode.Place, situation: DeletionCase) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.succeed("ADD", bystander, options: Self.sameBridge)
    let before = try host.state()
    try host.succeed("ADD", container, options: Self.isolated)
    #expect(try host.state() != before)
    for _ in 0..<2 {
      let outcome = try situation.call(host, container, bystander)
      #expect(outcome.status == 0, "\(outcome.outputText)")
      #expect(try changes(from: before, to: host.state()) == [])
    }
    let generation = try host.node.namespace.nftablesGeneration()
    #expect(try situation.call(host, container, bystander).status == 0)
    #expect(try host.node.namespace.nftablesGeneration() == generation)
    try host.succeed("CHECK", bystander, options: Self.sameBridge)
  }

  @Test(
    "an interface that stays is not isolated any more after its DEL", arguments: FirewallNode.Place.allCases)
  func portOfBridge(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    #expect(try !host.isPortIsolated(container))
    try host.succeed("ADD", container, options: Self.isolated)
    #expect(try host.isPortIsolated(container))
    try host.succeed("DEL", container, options: Self.isolated)
    #expect(try !host.isPortIsolated(container))
  }

  @Test(
    "the interfaces of one container have rules of their own, in one network and in two",
    arguments: FirewallNode.Place.allCases)
  func interfaces(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    var other = host
    other.network = "other"
    let first = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let second = try host.node.attach(first, ip: "10.22.0.6", ip6: "fd00:22::6", ifName: "net1", network: .first)
    let third = try host.node.attach(first, ip: "10.23.0.5", ip6: "fd00:23::5", ifName: "net2", network: .second)
    let attachments = [(host, first), (host, second), (other, third)]
    try host.succeed("ADD", first)
    try host.succeed("DEL", first)
    var states = [try host.state()]
    for (host, container) in attachments {
      try host.succeed("ADD", container, options: Self.isolated)
      states.append(try host.state())
    }
    for (number, (host, container)) in attachments.enumerated().reversed() {
      try host.succeed("DEL", container, options: Self.isolated, prevResult: number == 1)
      #expect(try changes(from: states[number], to: host.state()) == [])
      for (host, left) in attachments.prefix(number) { try host.succeed("CHECK", left, options: Self.isolated) }
    }
    // The first interface may be deleted first too.
    for (host, container) in attachments { try host.succeed("ADD", container, options: Self.isolated) }
    for (number, (host, container)) in attachments.enumerated() {
      try host.succeed("DEL", container, options: Self.isolated)
      for (host, left) in attachments.dropFirst(number + 1) {
        try host.succeed("CHECK", left, options: Self.isolated)
      }
    }
    #expect(try changes(from: states[0], to: host.state()) == [])
  }

  @Test(
    "DEL of a container that was never added succeeds and makes neither tables nor chains",
    arguments: FirewallNode.Place.allCases, [true, false])
  func nothingThere(place: FirewallNode.Place, prevResult: Bool) throws {
    let host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    for options in ["", Self.isolated] {
      try host.succeed("DEL", container, options: options, prevResult: prevResult)
      #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
      #expect(try host.legacyTables() == "")
    }
  }

  @Test(
    "plugins that are killed at random instants leave nothing that a DEL does not remove",
    arguments: FirewallNode.Place.allCases)
  func killed(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    let first = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.succeed("ADD", bystander)
    let before = try host.state()
    var deaths = 0
    for round in 0..<40 {
      let options = [Self.isolated, Self.sameBridge][round % 2]
      let container = Container(
        namespace: first.namespace, address: try ip("10.22.1.\(round)"), address6: first.address6)
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try host.start(verb, container, options: options)
        usleep(.random(in: 0...6000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try host.succeed("DEL", container, options: options, prevResult: round % 4 < 2)
      #expect(try changes(from: before, to: host.state()) == [])
      #expect(try !host.isPortIsolated(first))
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 10)
  }
}
