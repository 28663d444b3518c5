// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Guards are rules, by which it is also known that portmap has set `route_localnet`.
extension IPTablesPorts {
  package func guardLocalhost(on interface: String) throws(CNIError) {
    try transport.change(PortRules.guardTable) { (table) throws(CNIError) in
      for rule in PortRules.guards(of: interface) { try table.ensure(rule, in: "INPUT", atStart: true) }
    }
  }

  package func guardedInterfaces() throws(CNIError) -> [String] {
    var names: [String] = []
    for place in places where place.mayHold(PortRules.guardTable) {
      names += try place.look(PortRules.guardTable) { (table) throws(CNIError) in
        try Self.guards(&table).compactMap { $0.rule.flatMap { PortRules.interface(guardedBy: $0) } }
      }
    }
    return Array(Set(names))
  }

  package func endGuard(
    of interface: String, unlessReached isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool {
    if try isReachedFromLocalhost(where: isBehind) { return false }
    for place in places where place.mayHold(PortRules.guardTable) {
      try place.change(PortRules.guardTable) { (table) throws(CNIError) in
        for rule in try Self.guards(&table) where rule.rule.flatMap({ PortRules.interface(guardedBy: $0) }) == interface
        {
          table.remove(rule, from: "INPUT")
        }
      }
    }
    return true
  }

  package func isGuardNeeded(
    on interface: String, where isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool? {
    try guardedInterfaces().contains(interface) ? isReachedFromLocalhost(where: isBehind) : nil
  }

  package func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool {
    for place in places where place.mayHold(IPTable(.nat, .ip)) {
      let isReached = try place.look(IPTable(.nat, .ip)) { (table) throws(CNIError) in
        var isReached = false
        guard try table.has(PortRules.entries) else { return false }
        for entry in try table.rules(of: PortRules.entries) ?? [] where !isReached {
          guard let chain = entry.jump, chain.hasPrefix("CNI-DN-") else { continue }
          let rules = try table.rules(of: chain, holding: nil).compactMap(\.rule)
          guard rules.contains(where: \.marksLocalhost) else { continue }
          isReached = rules.contains { $0.forward.map { isBehind($0.destination.address) } ?? false }
        }
        return isReached
      }
      if isReached { return true }
    }
    return false
  }

  /// Upstream has no such rules, and its order keeps services' addresses theirs.
  package func spare(_ addresses: [IPAddress]) {}

  private static func guards(_ table: inout TableEdit) throws(CNIError) -> [PlacedRule] {
    try table.rules(of: "INPUT", holding: [Array(PortRules.guardComment.utf8)])
  }
}

extension PortRules {
  static let guardComment = "CNI portfwd localhost"

  /// The interface that a rule guards; nil for other rules.
  static func interface(guardedBy rule: IPTablesRule) -> String? {
    guard let interface = rule.inputInterface, !interface.isNegated else { return nil }
    return guards(of: interface.value.name).contains(rule) ? interface.value.name : nil
  }
}

extension IPTablesRule {
  /// Whether a rule of an attachment's chain marks connections from localhost.
  fileprivate var marksLocalhost: Bool {
    guard case .jump = target else { return false }
    return source.map { !$0.isNegated && Prefix.loopback4.contains($0.value.address) } ?? true
  }
}
