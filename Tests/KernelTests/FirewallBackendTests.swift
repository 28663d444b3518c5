// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

@Suite(
  "firewall: over firewalld, and a change of backends",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallBackendTests {
  private static let isolated = """
    "ingressPolicy":"isolated","denyDestinations":["198.51.100.0/24"],"dropInvalid":true,
    """

  /// A host on which firewalld runs, which is therefore the backend.
  private struct Scene {
    let host: FirewallNode
    let firewalld: FirewalldNode
    let container: Container

    init() throws {
      var host = try FirewallNode()
      firewalld = try FirewalldNode(in: host.node.namespace)
      host.environment["DBUS_SYSTEM_BUS_ADDRESS"] = firewalld.busAddress
      self.host = host
      container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
      // While firewalld starts it flushes the tables of iptables.
      try firewalld.firewallCmd("--state")
    }

    func another(_ number: Int) throws -> Container { try host.another(number) }

    func state() throws -> [String] { try host.ownedElements() + host.zoned() }
  }

  private static let sources = ["10.22.0.5/32", "fd00:22::5/128"]

  // MARK: - firewalld

  @Test("where firewalld runs ADD puts the addresses into its zone, and DEL removes them", arguments: [true, false])
  func zone(prevResult: Bool) throws {
    let scene = try Scene()
    #expect(try scene.host.callForNetwork("STATUS", #""backend":"firewalld","#).status == 0)
    for (zone, options) in [("trusted", ""), ("internal", #""firewalldZone":"internal","#)] {
      for _ in 0..<2 {
        try scene.host.succeed("ADD", scene.container, options: options)
        #expect(try scene.firewalld.sources(zone).sorted() == Self.sources)
        try scene.host.succeed("CHECK", scene.container, options: options)
      }
      // The zone is known from the record.
      for _ in 0..<2 {
        try scene.host.succeed("DEL", scene.container, prevResult: prevResult)
        #expect(try scene.state() == [])
      }
    }
    // The tables of iptables hold no rule for the container.
    #expect(try scene.host.legacyTables() == "")
    #expect(try !scene.host.node.namespace.command("nft", "list", "ruleset").contains("CNI-"))
  }

  @Test("CHECK finds that an address is not in the zone any more, and ADD repairs it", arguments: sources)
  func missingSource(source: String) throws {
    let scene = try Scene()
    try scene.host.succeed("ADD", scene.container)
    let before = try scene.state()
    try scene.firewalld.firewallCmd("--zone", "trusted", "--remove-source", source)
    let error = try #require(errorObject(try scene.host.call("CHECK", scene.container)), "CHECK passed")
    #expect(error.code == 102)
    #expect(error.message.contains(source.prefix { $0 != "/" }) && error.message.contains("trusted"))
    try scene.host.succeed("ADD", scene.container)
    #expect(try scene.state() == before)
    try scene.host.succeed("CHECK", scene.container)
  }

  @Test("an unknown zone is code 7, an address in another zone code 103; both change nothing")
  func refusals() throws {
    let scene = try Scene()
    let other = try scene.another(6)
    try scene.firewalld.firewallCmd("--zone", "internal", "--add-source", "fd00:22::6/128")
    for added in [false, true] {
      if added { try scene.host.succeed("ADD", scene.container, options: Self.isolated) }
      let before = try scene.state()
      for (container, options, code, word) in [
        (scene.container, #""firewalldZone":"nowhere","#, 7, "nowhere"), (other, "", 103, "fd00:22::6"),
        (other, Self.isolated, 103, "fd00:22::6"),
      ] {
        let error = try #require(errorObject(try scene.host.call("ADD", container, options: options)))
        #expect(error.code == code)
        #expect(error.message.contains(word), "\(error.message)")
        #expect(try changes(from: before, to: scene.state()) == [])
      }
    }
    #expect(try !scene.host.isPortIsolated(other))
  }

  @Test("another zone or other addresses by ADD leave nothing in the former zone or of the former addresses")
  func replacement() throws {
    let scene = try Scene()
    let moved = Container(
      namespace: scene.container.namespace, id: scene.container.id, address: try ip("10.22.0.9"),
      address6: scene.container.address6)
    try scene.host.succeed("ADD", scene.container)
    try scene.host.succeed("ADD", moved)
    #expect(try scene.firewalld.sources("trusted").sorted() == ["10.22.0.9/32", "fd00:22::5/128"])
    try scene.host.succeed("ADD", moved, options: #""firewalldZone":"internal","#)
    #expect(try scene.firewalld.sources("internal").sorted() == ["10.22.0.9/32", "fd00:22::5/128"])
    try scene.host.succeed("DEL", moved, prevResult: false)
    #expect(try scene.state() == [])
  }

  @Test(
    "an address that another container has taken over stays when the old owner is deleted", arguments: [true, false])
  func takeover(prevResult: Bool) throws {
    let scene = try Scene()
    let new = Container(
      namespace: scene.container.namespace, address: scene.container.address, address6: scene.container.address6)
    try scene.host.succeed("ADD", scene.container)
    try scene.host.succeed("ADD", new)
    try scene.host.succeed("DEL", scene.container, prevResult: prevResult)
    #expect(try scene.firewalld.sources("trusted").sorted() == Self.sources)
    try scene.host.succeed("CHECK", new)
    try scene.host.succeed("DEL", new, prevResult: prevResult)
    #expect(try scene.state() == [])
  }

  @Test("GC removes addresses of attachments that the list lacks, of its network only")
  func garbage() throws {
    let scene = try Scene()
    let (stale, foreign) = (try scene.another(6), try scene.another(7))
    try scene.host.succeed("ADD", scene.container)
    try scene.host.of("test2").succeed("ADD", foreign, options: #""firewalldZone":"internal","#)
    let before = try scene.state()
    try scene.host.succeed("ADD", stale, options: Self.isolated + #""firewalldZone":"internal","#)
    #expect(try scene.state().count > before.count + 4)
    try scene.host.collectGarbage(FirewallNode.valid(scene.container))
    #expect(try changes(from: before, to: scene.state()) == [])
    #expect(try scene.firewalld.sources("trusted").sorted() == Self.sources)
    #expect(try scene.firewalld.sources("internal").sorted() == ["10.22.0.7/32", "fd00:22::7/128"])
  }

  @Test("all other options are rules in our table, and CHECK finds what is missing there")
  func otherOptions() throws {
    let scene = try Scene()
    try scene.host.succeed("ADD", scene.container, options: Self.isolated)
    let elements = try scene.host.ownedElements()
    for place in [
      #"bridges: "cni0" . "cni0""#, #"isolated_bridges: "cni0" . "cni0""#, "tracked4: 10.22.0.5 ",
      "tracked6: fd00:22::5 ", "denied4_",
    ] {
      #expect(elements.contains { $0.hasPrefix(place) })
    }
    #expect(try scene.host.isPortIsolated(scene.container))
    try scene.host.succeed("CHECK", scene.container, options: Self.isolated)
    try scene.host.node.namespace.command("nft", "flush", "set", "inet", "swift_cni", "isolated_bridges")
    #expect(errorObject(try scene.host.call("CHECK", scene.container, options: Self.isolated))?.code == 102)
  }

  @Test("when firewalld has ended DEL and GC succeed and leave nothing; CHECK and ADD say that it does not run")
  func ended() throws {
    let scene = try Scene()
    let other = try scene.another(6)
    for container in [scene.container, other] { try scene.host.succeed("ADD", container, options: Self.isolated) }
    try scene.firewalld.stopFirewalld()
    let options = #""backend":"firewalld","#
    let before = try scene.host.ownedElements()
    for (verb, container) in [("ADD", try scene.another(7)), ("CHECK", scene.container)] {
      let error = try #require(errorObject(try scene.host.call(verb, container, options: options)))
      #expect(error.code == 11)
      #expect(error.message.contains("firewalld does not run"), "\(error.message)")
    }
    #expect(try scene.host.ownedElements() == before)
    try scene.host.succeed("DEL", scene.container, options: options)
    try scene.host.collectGarbage(options + FirewallNode.valid())
    #expect(try scene.host.ownedElements() == [])
  }

  // MARK: - A change of backends

  enum Backend: CaseIterable {
    case nftables, iptablesNFT, iptablesLegacy, firewalld

    func of(_ host: FirewallNode) -> FirewallNode {
      switch self {
      case .nftables: host.byNFTables
      case .iptablesNFT: host.byIPTables(.nft)
      case .iptablesLegacy: host.byIPTables(.legacy)
      case .firewalld: host.by(backend: "firewalld")
      }
    }
  }

  @Test(
    "DEL with one backend removes what ADD with another added, and other containers keep their rules",
    arguments: Backend.allCases, Backend.allCases)
  func change(old: Backend, new: Backend) throws {
    let backends = Backend.allCases.filter { $0 != .firewalld || [old, new].contains($0) }
    let scene = backends.contains(.firewalld) ? try Scene() : nil
    let host = try scene?.host ?? FirewallNode()
    let container = try scene?.container ?? host.another(5)
    // All backends may have rules at once: those of containers that were added with them.
    let bystanders = try backends.enumerated().map { ($1.of(host), try host.another(6 + $0)) }
    // The second ADD writes the gate into tables that the other backends have begun to use.
    for _ in 0..<2 { for (host, bystander) in bystanders { try host.succeed("ADD", bystander) } }
    func state() throws -> [String] { try host.state() + host.zoned() }
    let before = try state()
    for prevResult in [true, false] {
      try old.of(host).succeed("ADD", container, options: Self.isolated)
      try old.of(host).succeed("CHECK", container, options: Self.isolated)
      #expect(try state() != before)
      // A repeated DEL has nothing to do.
      for _ in 0..<2 {
        try new.of(host).succeed("DEL", container, options: Self.isolated, prevResult: prevResult)
        #expect(try changes(from: before, to: state()) == [])
      }
    }
    // An ADD with another backend is a repeated ADD: one DEL is for both.
    for backend in [old, new] { try backend.of(host).succeed("ADD", container, options: Self.isolated) }
    try new.of(host).succeed("CHECK", container, options: Self.isolated)
    try old.of(host).succeed("DEL", container, options: Self.isolated, prevResult: false)
    #expect(try changes(from: before, to: state()) == [])
    for (host, bystander) in bystanders { try host.succeed("CHECK", bystander) }
  }
}

extension FirewallNode {
  fileprivate func another(_ number: Int) throws -> Container {
    try node.addContainer(ip: "10.22.0.\(number)", ip6: "fd00:22::\(number)")
  }

  /// firewalld's own rules for the zones of containers' addresses; a query over D-Bus takes half a second.
  fileprivate func zoned() throws -> [String] {
    let lines = try node.namespace.command("nft", "list", "ruleset").split(separator: "\n").map(String.init)
    return lines.filter { $0.contains(/saddr (10\.22\.|fd00:22:).* goto filter_/) }.sorted()
  }
}
