// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS
import Rules

/// The tables of iptables on this host, and the variant that it uses.
package struct IPTablesHost: Sendable {
  /// The paths of the program iptables; a link's target tells the variant that the administrator has chosen.
  private let programs: [String]
  private let nft = NFTCompatTransport()
  private let legacy: any IPTablesTransport

  /// `legacy` changes the tables of iptables-legacy.
  package init(
    legacy: any IPTablesTransport = NoTables(),
    programs: [String] = ["/usr/sbin/iptables", "/sbin/iptables", "/usr/local/sbin/iptables"]
  ) {
    self.legacy = legacy
    self.programs = programs
  }

  /// The backend for portmap; `note` writes a note for the operator.
  package func backend(
    _ settings: IPTablesSettings, note: @escaping (String) -> Void
  ) throws(CNIError) -> IPTablesPorts {
    let transport = transport(settings.variant ?? variant())
    return IPTablesPorts(settings, transport: transport, places: places, note: note)
  }

  /// Whether the tables hold rules of kube-proxy, as in its modes iptables and ipvs.
  package func hasServiceRules() throws(CNIError) -> Bool {
    for place in places where place.mayHold(IPTable(.nat, .ip)) {
      let isThere = try place.look(IPTable(.nat, .ip)) { (table) throws(CNIError) in
        try table.has("KUBE-SERVICES")
      }
      if isThere { return true }
    }
    return false
  }

  /// The backend for firewall. Its rules are written in each variant that can drop forwarded packets, because only there an
  /// accept matters; if none can, in the variant that the host uses.
  package func firewall(
    _ settings: IPTablesSettings, record: any FirewallRecord
  ) throws(CNIError) -> IPTablesFirewall {
    let stores = FirewallStores(nft: nft, legacy: legacy, writing: try firewallVariants(settings))
    return IPTablesFirewall(settings, stores, record: record)
  }

  /// The gate for packets that our own table has accepted: in each variant whose tables are used, and in that of the host's
  /// program, where a later rule may drop packets; nil if the host has neither. `bit` is the number of the fwmark's bit.
  package func forwardGate(
    _ settings: IPTablesSettings, bit: Int, note: @escaping (String) -> Void
  ) throws(CNIError) -> IPTablesForwardGate? {
    var variants = settings.variant.map { [$0] } ?? []
    if variants.isEmpty { variants = try usedVariants() }
    if variants.isEmpty { return nil }
    return IPTablesForwardGate(
      variants.map { transport($0) }, adminChain: settings.adminChain, bit: bit, note: note)
  }

  private func usedVariants() throws(CNIError) -> [IPTablesSettings.Variant] {
    var used: [IPTablesSettings.Variant] = []
    if nft.presence() == .used { used.append(.nft) }
    // A legacy table that is there but empty has no rules, and only its policies are left to check, which is fast.
    var usesLegacy = legacy.presence() == .used
    if !usesLegacy { usesLegacy = try canDropForwarded(.legacy) }
    if usesLegacy { used.append(.legacy) }
    if let program = programVariant(), !used.contains(program) { used.append(program) }
    return used
  }

  /// The variant of the host's program; nil if there is no program.
  private func programVariant() -> IPTablesSettings.Variant? {
    for program in programs {
      guard let path = resolvedPath(program) else { continue }
      return isPart("legacy", of: path) ? .legacy : .nft
    }
    return nil
  }

  private func firewallVariants(_ settings: IPTablesSettings) throws(CNIError) -> [IPTablesSettings.Variant] {
    if let variant = settings.variant { return [variant] }
    // A legacy table is always read as a whole, which takes long if it is large.
    if legacy.presence() == .used, nft.presence() != .used, try !canDropForwarded(.nft) { return [.legacy] }
    let dropping = try droppingVariants()
    return dropping.isEmpty ? [variant()] : dropping
  }

  private func droppingVariants() throws(CNIError) -> [IPTablesSettings.Variant] {
    var dropping: [IPTablesSettings.Variant] = []
    for variant in IPTablesSettings.Variant.allCases where try canDropForwarded(variant) {
      dropping.append(variant)
    }
    return dropping
  }

  /// Whether a variant's tables can drop forwarded packets, by other chains than those of CNI plugins.
  func canDropForwarded(_ variant: IPTablesSettings.Variant) throws(CNIError) -> Bool {
    let transport = transport(variant)
    for family in AddressFamily.allCases where transport.mayHold(IPTable(.filter, family)) {
      let canDrop = try transport.look(IPTable(.filter, family)) { (edit) throws(CNIError) in
        try edit.canDropForwarded()
      }
      if canDrop { return true }
    }
    return false
  }

  var places: [any IPTablesTransport] { [nft, legacy] }

  func transport(_ variant: IPTablesSettings.Variant) -> any IPTablesTransport {
    switch variant {
    case .nft: nft
    case .legacy: legacy
    }
  }

  /// The variant that the host uses, by its tables and its kernel, or else by its program.
  func variant() -> IPTablesSettings.Variant {
    .chosen(nft: nft.presence(), legacy: legacy.presence()) { programVariant() ?? .nft }
  }
}
