// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// A host whose tables are in memory, on which the plugin is called.
struct FirewallScene {
  let tables: MemoryTransport
  let table: IPTable
  private let marking: Marking

  init(_ marking: Marking = .byOwner, _ family: AddressFamily = .ip) {
    self.marking = marking
    tables = MemoryTransport(isWhole: marking == .byWish)
    table = IPTable(.filter, family)
  }

  static func owner(_ id: String = "id", network: String = "net") -> Owner {
    Owner(network: network, containerID: id, interface: "eth0")
  }

  /// The rules of a container with these addresses.
  static func wanted(
    _ owner: Owner = owner(), _ addresses: [String] = ["10.22.0.5"], _ kind: Isolation.Kind? = nil,
    on bridge: String = "cni0"
  ) throws -> OwnedRules {
    var rules: [Rule] = try addresses.map { .acceptForwarded(ForwardAccept(try #require(IPAddress($0)))) }
    if let kind { rules.append(.isolate(Isolation(bridge: bridge, kind))) }
    return OwnedRules(owner: owner, rules: rules)
  }

  func backend(admin: String = "CNI-ADMIN") -> IPTablesFirewall {
    var settings = IPTablesSettings()
    settings.adminChain = admin
    return IPTablesFirewall(settings, transports: [tables], places: [tables])
  }

  func add(_ wanted: OwnedRules, admin: String = "CNI-ADMIN") throws {
    let takeovers = try backend(admin: admin).apply(wanted, onConflict: .replace) {}
    #expect(takeovers.isEmpty)
  }

  func remove(_ owner: Owner, hint: [Rule] = []) throws {
    #expect(try backend().remove(owner, hint: hint, ports: []).isEmpty)
  }

  /// What the peer writes for a container, in version 1.1.1 or in one since 1.2.
  func addAsPeer(_ address: String, _ kind: Isolation.Kind? = nil, on bridge: String = "cni0", isOld: Bool = false)
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
    func comment(_ text: String) -> String {
      #"-m comment --comment "CNI firewall plugin rules (ingressPolicy: \#(isOld ? "same-bridge" : text))""#
    }
    let either = comment("same-bridge|isolated")
    let (stage1, stage2) = ("CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2")
    try tables.change(table) { (edit) throws(CNIError) in
      try edit.ensureChain(stage1)
      let jump = try? IPTablesRule(shellWords("\(either) -j \(stage1)"), table.family)
      if let jump { edit.prepend(jump, to: "FORWARD") }
    }
    var first = ["-i \(bridge) ! -o \(bridge) \(comment("same-bridge")) -j \(stage2)"]
    if kind == .isolated { first.append("-i \(bridge) -o \(bridge) \(comment("isolated")) -j DROP") }
    try tables.append(first + ["\(either) -j RETURN"], to: stage1, of: table)
    try tables.append(["-o \(bridge) \(either) -j DROP", "\(either) -j RETURN"], to: stage2, of: table)
  }

  /// The rules of a chain.
  subscript(chain: String) -> [String] { tables.rules(table, chain) }

  /// What is marked for whomever: addresses, and the chains that stand for rules about a bridge.
  var marks: [String] { marks(table) }

  func marks(_ table: IPTable) -> [String] {
    (tables.chains[table] ?? [:]).sorted { $0.key < $1.key }.flatMap { chain, rules in
      rules.compactMap { placed in
        let words = shellWords(placed.rule.text)
        let source = words.firstIndex(of: "-s").map { words[$0 + 1] }
        switch marking {
        case .byOwner: return chain.hasPrefix("CNI-FO-") ? source ?? words.last : nil
        case .byWish: return chain.contains(/^CNI-(OWNERS$|F[BI]-)/) ? source ?? chain : nil
        }
      }
    }
  }

  /// The chains that there are.
  var chains: [String] { (tables.chains[table] ?? [:]).keys.sorted() }

  /// The addresses that are accepted, by the rules about what comes from them.
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
