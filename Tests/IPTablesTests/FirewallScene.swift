// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// A host with tables and record in memory, on which the plugin is called. An isolated container has a bridge port from before
/// its ADD until after its DEL, as with the plugin `bridge`.
struct FirewallScene {
  let tables = MemoryTransport()
  let record = MemoryRecord()
  let table: IPTable
  let table6 = IPTable(.filter, .ip6)

  init(_ family: AddressFamily = .ip) { table = IPTable(.filter, family) }

  static func owner(_ id: String = "id", network: String = "net") -> CNI.Attachment {
    CNI.Attachment(network: network, containerID: id, interface: "eth0")
  }

  /// The request of a container with these addresses.
  static func wanted(
    _ owner: CNI.Attachment = owner(), _ addresses: [String] = ["10.22.0.5"], _ kind: Isolation.Kind? = nil,
    on bridge: String = "cni0"
  ) throws -> ForwardFilterRequest {
    var request = ForwardFilterRequest(owner)
    request.accepts = try addresses.map { ForwardAccept(try #require(IPAddress($0))) }
    if let kind {
      request.isolations = [Isolation(bridge: bridge, kind, port: port(of: owner))]
    } else {
      request.recordedPorts = [port(of: owner)]
    }
    return request
  }

  private static func port(of owner: CNI.Attachment) -> String { "v-\(owner.network)-\(owner.containerID)" }

  func backend(admin: String = "CNI-ADMIN") -> IPTablesFirewall {
    var settings = IPTablesSettings()
    settings.adminChain = admin
    return IPTablesFirewall(
      settings, FirewallStores(nft: nil, legacy: tables, writing: [.legacy]), record: record)
  }

  @discardableResult
  func add(_ wanted: ForwardFilterRequest, admin: String = "CNI-ADMIN") throws -> [Takeover] {
    plug(wanted)
    return try backend(admin: admin).apply(wanted).takeovers
  }

  /// An ADD of which a later step fails.
  func fail(_ wanted: ForwardFilterRequest) throws {
    plug(wanted)
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      try backend().apply(wanted).complete { () throws(CNIError) in throw failure }
    }
  }

  func remove(_ owner: CNI.Attachment, hint: ForwardFilterRequest? = nil) throws {
    try backend().remove(hint ?? ForwardFilterRequest(owner))
    unplug(Self.port(of: owner))
  }

  /// GC with the IDs of the containers that are there.
  func collect(_ network: String = "net", sparing valid: [String] = []) throws {
    let all = Set(valid.map { AttachmentID(containerID: $0, interface: "eth0") })
    try backend().removeAll(ofNetwork: network, sparing: all) { _ in }
  }

  /// The findings of CHECK.
  func problems(_ wanted: ForwardFilterRequest) throws -> [String] { try backend().verify(wanted) }

  private func plug(_ wanted: ForwardFilterRequest) {
    let port = Self.port(of: wanted.attachment)
    unplug(port)
    record.ports[wanted.isolations.first?.bridge ?? "cni0", default: []].append(port)
  }

  private func unplug(_ port: String) {
    for bridge in record.ports.keys { record.ports[bridge]?.removeAll { $0 == port } }
  }
}

// MARK: - Upstream's plugin

extension FirewallScene {
  /// Writes the rules of upstream's plugin for a container, as version 1.1.1 or one since 1.2 does.
  func addAsUpstream(_ address: String, _ kind: Isolation.Kind? = nil, on bridge: String = "cni0", isOld: Bool = false)
    throws
  {
    let forwarding = #"-m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD"#
    if self["FORWARD"].isEmpty { try tables.append([forwarding], to: "FORWARD", of: table) }
    if self["CNI-FORWARD"].isEmpty {
      let admin = #"-m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN"#
      try tables.append([admin], to: "CNI-FORWARD", of: table)
    }
    let accepts = ["-d \(address) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s \(address) -j ACCEPT"]
    try tables.append(accepts, to: "CNI-FORWARD", of: table)
    guard let kind else { return }
    record.ports[bridge, default: []].append("u-\(address)")
    func comment(_ text: String) -> String {
      #"-m comment --comment "CNI firewall plugin rules (ingressPolicy: \#(isOld ? "same-bridge" : text))""#
    }
    let either = comment("same-bridge|isolated")
    let (stage1, stage2) = ("CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2")
    var first = ["-i \(bridge) ! -o \(bridge) \(comment("same-bridge")) -j \(stage2)"]
    if kind == .isolated { first.append("-i \(bridge) -o \(bridge) \(comment("isolated")) -j DROP") }
    try tables.change(table) { (edit) throws(CNIError) in
      for chain in [stage1, stage2] { try edit.ensureChain(chain) }
    }
    try prepend(first, to: stage1, end: "\(either) -j RETURN")
    try prepend(["-o \(bridge) \(either) -j DROP"], to: stage2, end: "\(either) -j RETURN")
    if !self["FORWARD"].contains(where: { $0.hasSuffix("-j \(stage1)") }) {
      try prepend(["\(either) -j \(stage1)"], to: "FORWARD")
    }
  }

  /// Adds missing rules at the start, and a last one at the end.
  private func prepend(_ rules: [String], to chain: String, end: String? = nil) throws {
    let present = self[chain]
    let missing = try rules.map { try IPTablesRule(shellWords($0), table.family) }.filter { !present.contains($0.text) }
    try tables.change(table) { (edit) throws(CNIError) in
      for rule in missing.reversed() { edit.prepend(rule, to: chain) }
    }
    if let end, try !present.contains(IPTablesRule(shellWords(end), table.family).text) {
      try tables.append([end], to: chain, of: table)
    }
  }

  /// Removes the rules of a container as upstream's plugin does: one of each accept, and never an isolation.
  func removeAsUpstream(_ address: String) throws {
    let accepts = FirewallRules.accepts(try #require(IPAddress(address)))
    try tables.change(table) { (edit) throws(CNIError) in
      let present = try edit.rules(of: FirewallRules.forwarding) ?? []
      for accept in accepts.compactMap({ accept in present.first { $0.rule == accept } }) {
        edit.remove(accept, from: FirewallRules.forwarding)
      }
    }
    unplugUpstream(address)
  }

  /// The runtime's removal of the interface after upstream's DEL.
  func unplugUpstream(_ address: String) { unplug("u-\(address)") }
}

// MARK: - The present state

extension FirewallScene {
  /// The rules of a chain.
  subscript(chain: String) -> [String] { tables.rules(table, chain) }

  /// The rules of a chain in both families, sorted.
  var all: [String] { tables.rules(table).sorted() + tables.rules(table6).sorted() }

  /// The present chains.
  var chains: [String] { (tables.chains[table] ?? [:]).keys.sorted() }

  /// The accepted addresses, by the rules for packets from them.
  var accepted: [String] {
    self["CNI-FORWARD"].filter { $0.hasPrefix("-s ") }.map { String($0.dropFirst(3).prefix { $0 != "/" }) }
  }

  /// The rules of isolation without their comments, each with the end of its chain's name.
  var isolation: [String] {
    ["CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"].flatMap { chain in
      self[chain].map { rule in
        let words = shellWords(rule)
        let plain = words.indices.filter { index in
          !["-m", "comment", "--comment", "conntrack"].contains(words[index])
            && (index == 0 || words[index - 1] != "--comment")
        }
        return "\(chain.last ?? "?") \(plain.map { words[$0] }.joined(separator: " "))"
      }
    }
  }
}
