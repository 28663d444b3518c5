// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite("firewall: CHECK", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallCheckTests {
  private static let all = """
    "ingressPolicy":"isolated","denyDestinations":["198.51.100.0/24","2001:db8:5::/48"],"dropInvalid":true,
    """

  static let options = [
    "", #""ingressPolicy":"open","#, #""ingressPolicy":"same-bridge","#, #""ingressPolicy":"isolated","#,
    #""denyDestinations":["198.51.100.0/24","2001:db8:5::/48","192.0.2.7"],"#, #""denyDestinations":["0.0.0.0/0"],"#,
    #""allowDestinations":["10.0.0.0/8"],"#,
    #""denyDestinations":["0.0.0.0/0","::/0"],"allowDestinations":["198.51.100.0/24","2001:db8::/32"],"#,
    #""dropInvalid":true,"#, #""iptablesAdminChainName":"abcdefghijklmnopqrstuvwxyz12","#, all,
  ]

  /// A container beside rules of others.
  private struct Scene {
    let host: FirewallNode
    let place: FirewallNode.Place
    let container: Container
    let options: String

    init(_ place: FirewallNode.Place, _ options: String) throws {
      host = try FirewallNode().at(place)
      self.options = options
      self.place = place
      container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
      let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
      try host.succeed("ADD", bystander)
      try add()
    }

    var namespace: Namespace { host.node.namespace }

    func add() throws { try host.succeed("ADD", container, options: options) }

    /// The generations, which every change raises.
    func fingerprint() throws -> [String] {
      let saved = place == .iptablesLegacy ? try AddressFamily.allCases.flatMap { try host.saved(.legacy, $0) } : []
      return ["\(try namespace.nftablesGeneration())"] + saved
    }

    /// CHECK must pass and change nothing.
    func check() throws {
      let before = try fingerprint()
      try host.succeed("CHECK", container, options: options)
      #expect(try fingerprint() == before)
    }

    /// The message of CHECK, which must fail and change nothing.
    func finding() throws -> String {
      let before = try fingerprint()
      let outcome = try host.call("CHECK", container, options: options)
      #expect(try fingerprint() == before)
      let error = try #require(errorObject(outcome), "CHECK passed")
      #expect(error.code == 102)
      return error.message
    }
  }

  @Test("CHECK passes after ADD and changes nothing", arguments: FirewallNode.Place.allCases, options)
  func passes(place: FirewallNode.Place, options: String) throws {
    try Scene(place, options).check()
  }

  // MARK: - What is missing

  @Test("CHECK finds each missing element of our table, and ADD repairs it", arguments: options)
  func eachElement(options: String) throws {
    let scene = try Scene(.nftables, options)
    let table = try scene.host.table()
    // Elements of other containers do not matter to this one.
    let own = table.elements.filter { $0.text.contains(scene.container.id) || !$0.text.contains(" comment ") }
    #expect(own.count >= 3)
    for element in own {
      try scene.namespace.command("nft", "delete", "element", "inet", "swift_cni", element.set, "{ \(element.key) }")
      let name =
        switch element.set {
        case "containers4", "containers6": "the accept of \(element.key)"
        case "firewall_attachments": "the record of the attachment"
        default: "set \(element.set)"
        }
      let finding = try scene.finding()
      #expect(finding.contains(name), "\(element): \(finding)")
      if element.set.hasSuffix("_ranges") {
        // Only CHECK compares these elements, because there may be thousands.
        try scene.namespace.command("nft", "add", "element", "inet", "swift_cni", element.set, "{ \(element.key) }")
      } else {
        try scene.add()
      }
      #expect(try scene.host.table().elements.map(\.text).sorted() == table.elements.map(\.text).sorted())
      try scene.check()
    }
  }

  @Test("CHECK finds each missing rule of our table, and ADD repairs it", arguments: ["", all])
  func eachRule(options: String) throws {
    let scene = try Scene(.nftables, options)
    func rules() throws -> [String: [String]] {
      Dictionary(grouping: try scene.host.table().rules, by: \.chain).mapValues { $0.map(\.text) }
    }
    let whole = try rules()
    #expect(whole.count == (options.isEmpty ? 9 : 12))
    for (chain, texts) in whole {
      for number in texts.indices {
        let rule = try scene.host.table().rules.filter { $0.chain == chain }[number]
        try scene.namespace.command("nft", "delete", "rule", "inet", "swift_cni", chain, "handle", rule.handle)
        let finding = try scene.finding()
        #expect(finding.contains("chain \(chain) has"), "\(rule): \(finding)")
        try scene.add()
        // The order of the two families' jumps does not matter.
        let mended = try rules()
        #expect(mended.mapValues { $0.sorted() } == whole.mapValues { $0.sorted() }, "after \(rule)")
        for ordered in ["forward", "isolation"] { #expect(mended[ordered] == whole[ordered]) }
        try scene.check()
      }
    }
  }

  @Test("CHECK finds each missing chain of our table, and ADD repairs it")
  func eachChain() throws {
    let scene = try Scene(.nftables, Self.all)
    let chains = Set(try scene.host.table().rules.map(\.chain)).union(["admin"]).subtracting(["forward"])
    #expect(chains.count == 12)
    for chain in chains {
      let jumps = try scene.host.table().rules.filter {
        $0.text.hasSuffix("jump \(chain)") || $0.text.hasSuffix("goto \(chain)")
      }
      let deletions = jumps.map { "delete rule inet swift_cni \($0.chain) handle \($0.handle)" }
      let lines = deletions + ["flush chain inet swift_cni \(chain)", "delete chain inet swift_cni \(chain)"]
      try scene.namespace.command("nft", "-f", "-", input: lines.joined(separator: "\n") + "\n")
      #expect(try scene.finding().contains("chain \(chain) is missing"))
      try scene.add()
      try scene.check()
    }
  }

  @Test("CHECK finds a foreign rule in our chains, except in the administrator's")
  func foreignRules() throws {
    let scene = try Scene(.nftables, Self.all)
    func insert(into chain: String) throws {
      try scene.namespace.command("nft", "insert rule inet swift_cni \(chain) ip saddr 192.0.2.9 drop")
    }
    try insert(into: "admin")
    try scene.check()
    for chain in ["forward", "isolation", "invalid", "restrictions"] {
      try insert(into: chain)
      #expect(try scene.finding().contains("chain \(chain) has other rules"))
      let handle = try #require(
        try scene.host.table().rules.first { $0.chain == chain && $0.text.contains("192.0.2.9") }?.handle)
      try scene.namespace.command("nft", "delete rule inet swift_cni \(chain) handle \(handle)")
      try scene.check()
    }
  }

  @Test(
    "CHECK finds each missing rule in the tables of iptables, and ADD restores it at its place",
    arguments: IPTablesSettings.Variant.allCases, AddressFamily.allCases)
  func eachRule(variant: IPTablesSettings.Variant, family: AddressFamily) throws {
    let scene = try Scene(variant == .nft ? .iptablesNFT : .iptablesLegacy, Self.all)
    let whole = try scene.host.saved(variant, family)
    let address = family == .ip ? "10.22.0.6/" : "fd00:22::6/"
    let rules = whole.filter { $0.hasPrefix("-A ") && !$0.contains(address) }
    #expect(rules.count == 11)
    for rule in rules {
      try scene.host.change(variant, family, ["-D" + rule.dropFirst(2)])
      let finding = try scene.finding()
      #expect(finding.contains(rule.split(separator: " ")[1]), "\(rule): \(finding)")
      try scene.add()
      let mended = try scene.host.saved(variant, family)
      #expect(mended.sorted() == whole.sorted(), "after \(rule)")
      // The order of other rules does not matter.
      let ends = { (lines: [String]) in
        ["FORWARD", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"].flatMap { chain in
          let own = lines.filter { $0.hasPrefix("-A \(chain) ") }
          return [own.first, own.last]
        }
      }
      #expect(ends(mended) == ends(whole), "after \(rule)")
      #expect(mended.first { $0.hasPrefix("-A CNI-FORWARD ") }?.hasSuffix("-j CNI-ADMIN") == true)
      try scene.check()
    }
  }

  @Test(
    "an ADD without isolation keeps the isolation of others before the accepts",
    arguments: IPTablesSettings.Variant.allCases)
  func order(variant: IPTablesSettings.Variant) throws {
    let scene = try Scene(variant == .nft ? .iptablesNFT : .iptablesLegacy, Self.all)
    let whole = try scene.host.saved(variant).filter { $0.hasPrefix("-A FORWARD ") }
    #expect(whole.count == 2)
    try scene.host.change(variant, .ip, ["-D" + whole[1].dropFirst(2)])
    let other = try scene.host.node.addContainer(ip: "10.22.0.7")
    try scene.host.succeed("ADD", other)
    #expect(try scene.host.saved(variant).filter { $0.hasPrefix("-A FORWARD ") } == whole)
  }

  @Test(
    "CHECK finds that a chain is missing, or the restriction in our table",
    arguments: IPTablesSettings.Variant.allCases)
  func chains(variant: IPTablesSettings.Variant) throws {
    let scene = try Scene(variant == .nft ? .iptablesNFT : .iptablesLegacy, Self.all)
    for chain in ["CNI-ADMIN", "CNI-FORWARD", "CNI-ISOLATION-STAGE-2", "CNI-ISOLATION-STAGE-1"] {
      let jumps = try scene.host.saved(variant).filter { $0.hasPrefix("-A") && $0.hasSuffix("-j \(chain)") }
      #expect(!jumps.isEmpty)
      try scene.host.change(variant, .ip, jumps.map { "-D" + $0.dropFirst(2) } + ["-F \(chain)", "-X \(chain)"])
      #expect(try scene.finding().contains("the chain \(chain) is missing"))
      try scene.add()
      try scene.check()
    }
    for set in ["tracked4", "tracked6"] {
      try scene.namespace.command("nft", "flush", "set", "inet", "swift_cni", set)
      #expect(try scene.finding().contains(set))
      try scene.add()
    }
    try scene.namespace.command("nft", "delete", "table", "inet", "swift_cni")
    #expect(try scene.finding().contains("the table is missing"))
  }

  @Test("CHECK finds that the bridge port is not isolated any more", arguments: FirewallNode.Place.allCases)
  func bridgePort(place: FirewallNode.Place) throws {
    let scene = try Scene(place, Self.all)
    let port = scene.container.hostInterface
    try scene.namespace.command("bridge", "link", "set", "dev", port, "isolated", "off")
    #expect(try scene.finding().contains("bridge port \(port) is not isolated"))
    try scene.add()
    try scene.check()
  }
}

extension FirewallNode {
  /// Changes the table filter with a program of iptables; each line is its command line after the table.
  func change(_ variant: IPTablesSettings.Variant, _ family: AddressFamily, _ lines: [String]) throws {
    try node.namespace.command(
      "\(family == .ip ? "iptables" : "ip6tables")-\(variant.rawValue)-restore", "--noflush",
      input: (["*filter"] + lines + ["COMMIT"]).map { $0 + "\n" }.joined())
  }
}
