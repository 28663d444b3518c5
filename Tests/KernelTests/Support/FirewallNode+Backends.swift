// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import Rules
import TestSupport

/// The backend that a configuration names.
enum FirewallBackend: CaseIterable, Sendable {
  case nftables, iptablesNFT, iptablesLegacy

  func of(_ host: FirewallNode) -> FirewallNode {
    switch self {
    case .nftables: host.byNFTables
    case .iptablesNFT: host.byIPTables(.nft)
    case .iptablesLegacy: host.byIPTables(.legacy)
    }
  }

  func of(_ host: PortmapNode) -> PortmapNode {
    switch self {
    case .nftables: host.byNFTables
    case .iptablesNFT: host.byIPTables(.nft)
    case .iptablesLegacy: host.byIPTables(.legacy)
    }
  }
}

extension PortmapNode {
  /// The plugin that publishes ports beside firewall.
  init(beside host: FirewallNode) {
    node = host.node
    programs = nil
  }
}

extension FirewallNode {
  /// The same node with the configuration of another network.
  func forNetwork(_ name: String) -> FirewallNode {
    var copy = self
    copy.network = name
    return copy
  }

  /// Makes a container whose addresses in both families end with the number.
  func makeContainer(_ number: Int, on network: Network = .first) throws -> Container {
    let bytes = network.gateway.address.bytes
    return try node.addContainer(
      ip: "\(bytes[0]).\(bytes[1]).0.\(number)", ip6: "fd00:\(bytes[1])::\(number)", network: network)
  }

  /// Calls DEL and waits 10 ms, within which expired elements must be gone.
  func delete(_ container: Container, options: String = "", prevResult: Bool = true) throws {
    try succeed("DEL", container, options: options, prevResult: prevResult)
    usleep(10_000)
  }

  /// Calls GC with a list of the attachments that are left of the network.
  func collectGarbage(sparing container: Container) throws {
    let valid = #"{"containerID":"\#(container.id)","ifname":"\#(container.ifName)"}"#
    let outcome = try call(
      "GC", container, options: #""cni.dev/valid-attachments":[\#(valid)],"#, prevResult: false, version: "1.1.0")
    if outcome.status != 0 { throw CommandFailure(words: ["firewall", "GC"], outcome: outcome) }
    usleep(10_000)
  }

  /// Changes the table filter of both families; the lines are those of iptables-restore.
  func change(_ variant: IPTablesSettings.Variant, _ lines: String...) throws {
    for program in ["iptables", "ip6tables"] {
      try node.namespace.command(
        "\(program)-\(variant.rawValue)-restore", "--wait", "--noflush",
        input: (["*filter"] + lines + ["COMMIT"]).map { $0 + "\n" }.joined())
    }
  }

  /// The output of iptables-save for the table filter of both families.
  func savedOfBoth(_ variant: IPTablesSettings.Variant) throws -> [String] {
    try AddressFamily.allCases.flatMap { try saved(variant, $0) }
  }

  /// The rules of these tables that name an address of a container.
  func rules(of container: Container, _ variant: IPTablesSettings.Variant) throws -> [String] {
    let addresses = ["\(container.ip)/32", container.ip6.map { "\($0)/128" } ?? ""]
    return try savedOfBoth(variant).filter { line in addresses.contains { line.contains($0) } }
  }

  /// The names of the tables of nftables.
  func tables() throws -> [String] {
    try node.namespace.command("nft", "list", "tables").split(separator: "\n").map(String.init)
  }
}
