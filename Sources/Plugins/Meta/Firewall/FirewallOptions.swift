// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// The configuration of the plugin.
struct FirewallOptions: Sendable {
  /// The backend that accepts packets.
  enum Backend: String, CaseIterable, Sendable { case nftables, iptables, firewalld }

  /// Nil for the backend that fits the host.
  let backend: Backend?
  /// The settings for rules in tables of iptables.
  let iptables: IPTablesSettings
  /// Whether the configuration names a chain of iptables for the administrator's rules.
  let namesAdminChain: Bool
  let zone: String
  /// Nil for no isolation.
  let isolation: Isolation.Kind?
  let destinations: DestinationLists
  let dropsInvalid: Bool
  /// The number of the fwmark's bit, 0…31, by which FORWARD of iptables recognizes packets that our own table has accepted.
  let acceptMarkBit: Int
  /// The name of the network.
  private let network: String

  static let standardZone = "trusted"

  /// The bit is set only between two chains of the forward hook, but cleared there in every packet, so no other program should
  /// use it. portmap has 13, kube-proxy 14 and 15, Calico, Weave Net and Tailscale 16 to 31, the AWS VPC plugin 7, Cilium 8 to 11
  /// and, for the numbers of identities and clusters, 0 to 7 and 16 to 31; Docker has none. Whole marks that administrators
  /// choose are small numbers. Cilium has 12 for the number of a key, where it encrypts by IPsec.
  static let standardMarkBit = 12

  init(_ config: NetworkConfig) throws(FieldError) {
    let document = config.document
    network = config.name
    var iptables = IPTablesSettings()
    iptables.variant = try document["iptablesVariant"].choice()
    let adminChain = try Self.adminChain(document["iptablesAdminChainName"])
    if let adminChain { iptables.adminChain = adminChain }
    backend = try document["backend"].choice()
    self.iptables = iptables
    namesAdminChain = adminChain != nil
    zone = try document["firewalldZone"].string() ?? Self.standardZone
    acceptMarkBit = try document["acceptMarkBit"].integer(in: 0...31) ?? Self.standardMarkBit
    isolation = try Self.isolation(document["ingressPolicy"])
    dropsInvalid = try document["dropInvalid"].bool() ?? false
    let denied = try Self.prefixes(document["denyDestinations"])
    let allowed = try Self.prefixes(document["allowDestinations"])
    let known = Set(allowed)
    if let both = denied.first(where: { known.contains($0) }) {
      throw FieldError(path: document["allowDestinations"].path, reason: "\(both) is in denyDestinations too")
    }
    destinations = DestinationLists(denied: denied, allowed: allowed)
  }

  /// Whether the host interface of the container's packets matters.
  var needsLink: Bool { isolation != nil || !destinations.isEmpty || dropsInvalid }

  /// The request for a container with these addresses; `link` is the host end of its veth, nil if there is none or it does not
  /// matter.
  func request(
    of attachment: Attachment, for addresses: [IPAddress], at link: HostLink?
  ) -> ForwardFilterRequest {
    var request = ForwardFilterRequest(attachment)
    request.accepts = addresses.map { ForwardAccept($0) }
    restrict(addresses.map { .address($0) }, &request)
    if let link { add(link, to: &request) }
    return request
  }

  /// Adds the rules for all packets that come in by a container's veth, whatever their source address is.
  func add(_ link: HostLink, to request: inout ForwardFilterRequest) {
    guard let bridge = link.bridge else { return restrict([.veth(link.name)], &request) }
    if let isolation { request.isolations.append(Isolation(bridge: bridge, isolation, port: link.name)) }
    restrict([.bridge(bridge)], &request)
  }

  private func restrict(_ sources: [PacketSource], _ request: inout ForwardFilterRequest) {
    if !destinations.isEmpty {
      for family in AddressFamily.allCases {
        let own = sources.filter { $0.canBe(family) }
        let ranges = own.isEmpty ? [] : destinations.deniedRanges(family)
        if ranges.isEmpty { continue }
        let denied = DeniedDestinations(network: network, family: family, ranges: ranges)
        request.restrictions += own.map { Restriction($0, denied) }
      }
    }
    if dropsInvalid { request.untracked += sources }
  }
}

extension PacketSource {
  /// Whether packets of a family can come from the source.
  fileprivate func canBe(_ family: AddressFamily) -> Bool {
    if case .address(let address) = self { address.family == family } else { true }
  }
}

// MARK: - Single options

extension FirewallOptions {
  private static func adminChain(_ field: Field) throws(FieldError) -> String? {
    let name = try field.chainName()
    if let name, pluginChains.contains(name) { throw field.expected("the name of a chain that is not a plugin's own") }
    return name
  }

  /// The chains of plugins, which cannot be an administrator's chain.
  private static let pluginChains = ["CNI-FORWARD", "CNI-OWNERS", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"]

  private static func isolation(_ field: Field) throws(FieldError) -> Isolation.Kind? {
    switch try field.choice(of: ["open", "same-bridge", "isolated"]) {
    case "same-bridge": .sameBridge
    case "isolated": .isolated
    default: nil
    }
  }

  /// More than a configuration is likely to have, and few enough for CHECK to compare.
  private static let prefixLimit = 4096

  private static func prefixes(_ field: Field) throws(FieldError) -> [Prefix] {
    let prefixes = try field.prefixes() ?? []
    guard prefixes.count <= prefixLimit else {
      throw FieldError(path: field.path, reason: "at most \(prefixLimit) prefixes, found \(prefixes.count)")
    }
    return prefixes
  }
}
