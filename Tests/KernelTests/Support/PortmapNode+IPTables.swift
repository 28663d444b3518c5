// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport

extension PortmapNode {
  /// The variant of the host's iptables.
  var variant: IPTablesSettings.Variant { programs?.variant ?? .nft }

  /// The same node with our plugin and the tables of the host's iptables.
  var byIPTables: PortmapNode { byIPTables(variant) }
  /// The same node with our plugin and the tables of a variant of iptables.
  func byIPTables(_ variant: IPTablesSettings.Variant) -> PortmapNode {
    by(Self.program, #""backend":"iptables","iptablesVariant":"\#(variant.rawValue)","#)
  }
  /// The same node with our plugin, which has to find out the variant of iptables.
  var byAnyIPTables: PortmapNode { by(Self.program, #""backend":"iptables","#) }
  /// The same node with Debian's plugin.
  var byUpstream: PortmapNode { by(Program("/usr/lib/cni/portmap"), #""backend":"iptables","#) }
  /// The same node with our plugin and our own table.
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

  /// The output of iptables-save for the table nat, without comment lines and packet counts.
  func saved(_ family: AddressFamily = .ip, _ variant: IPTablesSettings.Variant? = nil) throws -> [String] {
    let program = "\(family == .ip ? "iptables" : "ip6tables")-\((variant ?? self.variant).rawValue)-save"
    let text = try node.namespace.command(program, "-t", "nat")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.hasPrefix(":") ? line.split(separator: " ").prefix(2).joined(separator: " ") : String(line)
    }
  }

  /// The output of iptables-save for the tables nat of both variants and families, each line prefixed with variant and family.
  func savedOfAll() throws -> [String] {
    try IPTablesSettings.Variant.allCases.flatMap { variant in
      try AddressFamily.allCases.flatMap { family in
        try saved(family, variant).map { "\(variant.rawValue) \(family) \($0)" }
      }
    }
  }

  /// The output of iptables-save for the host's variant, sorted so that the order of chains and entries does not matter.
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

  /// The whole ruleset with handles, which show that a rule was replaced by an equal one, and without packet counts.
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

  /// Removes all rules of the host's tables nat.
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

/// The lines that must be removed from a list and added to it to make it another one; none if they are equal.
func changes(from old: [String], to new: [String]) -> [String] {
  new.difference(from: old).map { change in
    switch change {
    case .insert(_, let line, _): "+ \(line)"
    case .remove(_, let line, _): "- \(line)"
    }
  }
}
