// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// The file that flanneld writes for this node: lines of `KEY=value`.
struct SubnetFile: Equatable, Sendable {
  /// Says what of the file is missing or wrong.
  struct Incomplete: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// The networks of all nodes.
  let networks: [Prefix]
  /// The subnets of this node, at most one of each family.
  let subnets: [Prefix]
  /// In bytes.
  let mtu: Int
  /// Whether flanneld itself masquerades.
  let masquerades: Bool

  /// Reads a file. Other lines and unknown keys are skipped; of a key that stands twice the last counts. A file may be incomplete
  /// because flanneld is still writing.
  init(_ text: [UInt8]) throws(Incomplete) {
    let values = Self.values(text)
    var networks: [Prefix] = []
    var subnets: [Prefix] = []
    for family in AddressFamily.allCases {
      let (network, subnet) = family == .ip ? ("FLANNEL_NETWORK", "FLANNEL_SUBNET") : Self.names6
      let list = try Self.prefixes(values[network] ?? "", network, family)
      let own = try Self.prefixes(values[subnet] ?? "", subnet, family)
      if own.count > 1 { throw Incomplete(description: "\(subnet) has more than one subnet") }
      if list.isEmpty != own.isEmpty {
        throw Incomplete(description: "\(list.isEmpty ? network : subnet) is missing")
      }
      networks += list
      subnets += own
    }
    var missing: [String] = []
    if networks.isEmpty { missing += ["FLANNEL_NETWORK", "FLANNEL_SUBNET"] }
    missing += ["FLANNEL_MTU", "FLANNEL_IPMASQ"].filter { values[$0, default: ""].isEmpty }
    if !missing.isEmpty {
      throw Incomplete(description: "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") missing")
    }
    // The least that IPv4 needs (RFC 791, 3.2), and the most that its length field tells.
    guard let mtu = Int(values["FLANNEL_MTU", default: ""]), (68...65_535).contains(mtu) else {
      throw Incomplete(description: "FLANNEL_MTU is no number of bytes between 68 and 65535")
    }
    guard let masquerades = Self.bool(values["FLANNEL_IPMASQ", default: ""]) else {
      throw Incomplete(description: "FLANNEL_IPMASQ is neither true nor false")
    }
    self.networks = networks
    self.subnets = subnets
    self.mtu = mtu
    self.masquerades = masquerades
  }

  private static let names6 = ("FLANNEL_IPV6_NETWORK", "FLANNEL_IPV6_SUBNET")

  private static func values(_ text: [UInt8]) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
      let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      values[trimmed(parts[0])] = trimmed(parts[1])
    }
    return values
  }

  /// Removes blanks at both ends, and then one pair of quotes.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var rest = bytes.drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    if let quote = rest.first, quote == rest.last, rest.count > 1, "\"'".utf8.contains(quote) {
      rest = rest.dropFirst().dropLast()
    }
    return String(decoding: rest, as: UTF8.self)
  }

  private static func prefixes(_ text: String, _ name: String, _ family: AddressFamily) throws(Incomplete) -> [Prefix] {
    var prefixes: [Prefix] = []
    for item in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      guard let prefix = Prefix(String(item)), prefix.family == family else {
        throw Incomplete(description: "\(name) has \"\(item)\", which is no \(family.title) prefix")
      }
      prefixes.append(prefix)
    }
    return prefixes
  }

  private static func bool(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1", "t": true
    case "false", "0", "f": false
    default: nil
    }
  }
}
