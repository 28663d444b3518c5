// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import Rules
import TestSupport

extension FirewallNode {
  /// The backend that a configuration names.
  enum Place: CaseIterable, Sendable {
    case nftables, iptablesNFT, iptablesLegacy

    /// The variant of iptables; with the backend nftables that of this machine's program.
    var variant: IPTablesSettings.Variant { self == .iptablesLegacy ? .legacy : .nft }
  }

  func at(_ place: Place) -> FirewallNode { place == .nftables ? byNFTables : byIPTables(place.variant) }

  /// The same node with the configuration of another network.
  func of(_ network: String) -> FirewallNode {
    var copy = self
    copy.network = network
    return copy
  }

  // MARK: - Calls about a whole network

  func callForNetwork(_ verb: String, _ members: String) throws -> Outcome {
    let nobody = Container(namespace: node.namespace, address: Network.first.gateway.address)
    let none = ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""]
    return try call(verb, nobody, options: members, prevResult: false, version: "1.1.0", environment: none)
  }

  /// Calls GC and throws what it printed if it fails.
  @discardableResult
  func collectGarbage(_ members: String) throws -> Outcome {
    let outcome = try callForNetwork("GC", members)
    if outcome.status != 0 { throw CommandFailure(words: ["firewall", "GC"], outcome: outcome) }
    return outcome
  }

  /// The member of GC's configuration that lists only these as valid.
  static func valid(_ containers: Container...) -> String {
    let list = containers.map { #"{"containerID":"\#($0.id)","ifname":"\#($0.ifName)"}"# }
    return #""cni.dev/valid-attachments":[\#(list.joined(separator: ","))],"#
  }

  // MARK: - The rules of containers

  /// The complete state; constant parts such as empty chains are in it as soon as a container was added.
  func state() throws -> [String] { try ownedElements() + savedOfAll() }

  /// The output of iptables-save for the tables filter of both variants and families, each line prefixed with variant and family.
  func savedOfAll() throws -> [String] {
    try IPTablesSettings.Variant.allCases.flatMap { variant in
      try AddressFamily.allCases.flatMap { family in
        try saved(variant, family).map { "\(variant.rawValue) \(family) \($0)" }
      }
    }
  }

  /// The elements of our table, each after its set, except ranges of denied destinations, which GC removes.
  func ownedElements() throws -> [String] {
    // Within this time expired elements must be gone.
    usleep(10_000)
    return try table().elements.filter { !$0.set.hasSuffix("_ranges") }.map { "\($0.set): \($0.text)" }.sorted()
  }

  /// Our table as nft prints it.
  func table() throws -> FirewallTable {
    FirewallTable(listing: try node.namespace.command("nft", "-a", "list", "ruleset"))
  }

  /// Whether the container's bridge port is isolated.
  func isPortIsolated(_ container: Container) throws -> Bool {
    try node.namespace.command("bridge", "-d", "link", "show", "dev", container.hostInterface).contains("isolated on")
  }

  /// The names of the present tables of iptables-legacy; reading one would make it.
  func legacyTables() throws -> String {
    try node.namespace.command("cat", "/proc/net/ip_tables_names", "/proc/net/ip6_tables_names")
  }
}

/// Our table, parsed from nft's output.
struct FirewallTable {
  struct Element: Equatable {
    let set: String
    let text: String

    /// The element without its comment.
    var key: String { text.firstRange(of: " comment ").map { String(text[..<$0.lowerBound]) } ?? text }
  }

  struct Rule: Equatable {
    let chain: String
    let text: String
    let handle: String
  }

  private(set) var elements: [Element] = []
  private(set) var rules: [Rule] = []

  /// Parses the listing of a whole ruleset with handles.
  init(listing: String) {
    var isOurs = false
    var (kind, name) = ("", "")
    var body = ""
    for line in listing.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if line.hasPrefix("table ") {
        isOurs = words.dropFirst().prefix(2) == ["inet", "swift_cni"]
      } else if isOurs, line.hasPrefix("\t"), !line.hasPrefix("\t\t"), words.count > 1 {
        (kind, name) = (String(words[0]), String(words[1]))
      } else if isOurs, line == "\t}" {
        if kind == "set" { elements += Self.elements(of: name, body) }
        body = ""
      } else if isOurs, kind == "set" {
        body += line + " "
      } else if isOurs, kind == "chain", !line.contains(" hook "), let mark = line.firstRange(of: " # handle ") {
        let text = line[..<mark.lowerBound].drop { $0.isWhitespace }
        rules.append(Rule(chain: name, text: String(text), handle: String(line[mark.upperBound...])))
      }
    }
  }

  private static func elements(of set: String, _ body: String) -> [Element] {
    guard let start = body.firstRange(of: "elements = {"), let end = body.lastIndex(of: "}") else { return [] }
    return body[start.upperBound..<end].split(separator: ",").map { part in
      Element(set: set, text: part.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
  }
}
