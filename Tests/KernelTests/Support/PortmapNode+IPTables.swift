// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport

extension PortmapNode {
  /// The same node, where ports are published by rules in the tables of iptables-nft.
  var byIPTables: PortmapNode { by(Self.program, #""backend":"iptables","iptablesVariant":"nft","#) }
  /// The same node, where Debian's plugin does that.
  var byPeer: PortmapNode { by(Program("/usr/lib/cni/portmap"), #""backend":"iptables","#) }
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
  func saved(_ family: AddressFamily = .ip) throws -> [String] {
    let text = try node.namespace.command(family == .ip ? "iptables-nft-save" : "ip6tables-nft-save", "-t", "nat")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.hasPrefix(":") ? line.split(separator: " ").prefix(2).joined(separator: " ") : String(line)
    }
  }

  /// The same in an order that does not depend on that of the chains, and of the entries.
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
