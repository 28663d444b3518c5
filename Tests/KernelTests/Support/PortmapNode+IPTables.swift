// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport

extension PortmapNode {
  /// The variant of the host's iptables.
  var variant: IPTablesSettings.Variant { programs?.variant ?? .nft }

  /// The same node, where ports are published by rules in the tables of the host's iptables.
  var byIPTables: PortmapNode { byIPTables(variant) }
  /// The same node, where ports are published by rules in the tables of a variant.
  func byIPTables(_ variant: IPTablesSettings.Variant) -> PortmapNode {
    by(Self.program, #""backend":"iptables","iptablesVariant":"\#(variant.rawValue)","#)
  }
  /// The same, but the plugin has to find the variant out.
  var byAnyIPTables: PortmapNode { by(Self.program, #""backend":"iptables","#) }
  /// The same node, where Debian's plugin does that.
  var byUpstream: PortmapNode { by(Program("/usr/lib/cni/portmap"), #""backend":"iptables","#) }
  /// The same node, where ports are published in our own table.
  var byNFTables: PortmapNode { by(Self.program, #""backend":"nftables","#) }

  private func by(_ program: Program, _ members: String) -> PortmapNode {
    var copy = self
    copy.program = program
    copy.members = members
    return copy
  }

  /// Calls the plugin and throws what it printed if it fails.
  func succeed(_ verb: String, _ container: Container, _ mappings: [PortMapping]?, options: String = "") throws {
    try succeed(verb, try call(verb, container, mappings, options: options))
  }

  /// What iptables-save prints of the table nat, without its comments and without the numbers of packets.
  func saved(_ family: AddressFamily = .ip, _ variant: IPTablesSettings.Variant? = nil) throws -> [String] {
    let program = "\(family == .ip ? "iptables" : "ip6tables")-\((variant ?? self.variant).rawValue)-save"
    let text = try node.namespace.command(program, "-t", "nat")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.hasPrefix(":") ? line.split(separator: " ").prefix(2).joined(separator: " ") : String(line)
    }
  }

  /// What iptables-save prints of the tables nat of both variants and families, each line after their names.
  func savedOfAll() throws -> [String] {
    try IPTablesSettings.Variant.allCases.flatMap { variant in
      try AddressFamily.allCases.flatMap { family in
        try saved(family, variant).map { "\(variant.rawValue) \(family) \($0)" }
      }
    }
  }

  /// The same of the host's variant in an order that does not depend on that of the chains, and of the entries.
  func savedInOrder(_ family: AddressFamily = .ip) throws -> [String] {
    let lines = try saved(family)
    let entries = lines.filter(isEntry).sorted()
    let chains = lines.filter { $0.hasPrefix(":") }.sorted()
    let others = lines.filter { $0.hasPrefix("-A") && !isEntry($0) }
    let names = Set(others.compactMap { $0.split(separator: " ").dropFirst().first }).sorted()
    return chains + entries + names.flatMap { name in others.filter { $0.hasPrefix("-A \(name) ") } }
  }

  /// The rules and chains that containers have.
  func savedOfContainers() throws -> [String] {
    try AddressFamily.allCases.flatMap { try saved($0) }.filter { $0.contains("CNI-DN-") }
  }

  private func isEntry(_ line: String) -> Bool { line.hasPrefix("-A CNI-HOSTPORT-DNAT ") }

  /// Everything in the kernel with its handles, by which a rule that was replaced by its like is another, and without
  /// the numbers of packets.
  func ruleset() throws -> String {
    let text = try node.namespace.command("nft", "-s", "-a", "list", "ruleset")
    return text.replacing(/packets [0-9]+ bytes [0-9]+/, with: "")
  }

  /// Changes the table nat with the program iptables; the lines are what its command line has after the table.
  func change(_ family: AddressFamily = .ip, _ lines: [String]) throws {
    try node.namespace.command(
      family == .ip ? "iptables-nft-restore" : "ip6tables-nft-restore", "--noflush",
      input: (["*nat"] + lines + ["COMMIT"]).map { $0 + "\n" }.joined())
  }

  /// Takes away all that the host's iptables has in its tables nat.
  func flush() throws {
    switch variant {
    case .nft: try node.namespace.command("nft", "flush", "ruleset")
    case .legacy:
      for program in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
        try node.namespace.command(program, "--wait", input: "*nat\nCOMMIT\n")
      }
    }
  }
}

/// What must go from a list, and what must come to it, to make it another; nothing if they are the same.
func changes(from old: [String], to new: [String]) -> [String] {
  new.difference(from: old).map { change in
    switch change {
    case .insert(_, let line, _): "+ \(line)"
    case .remove(_, let line, _): "- \(line)"
    }
  }
}
