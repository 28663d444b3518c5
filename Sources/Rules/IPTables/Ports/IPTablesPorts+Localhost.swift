// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Containers that connections from localhost led to when this process last changed a table: to read one of thousands of rules
/// anew for that takes long. Who removes such a container after that sees for itself whether it was the last.
final class ReachedContainers {
  var addresses: [IPAddress] = []
}

/// Guards are rules, by which it is also known that portmap has set `route_localnet`.
extension IPTablesPorts {
  package func guardLocalhost(on interface: String) throws(CNIError) {
    try transport.change(PortRules.guardTable) { (table) throws(CNIError) in
      for rule in PortRules.guards(of: interface) { try table.ensure(rule, in: "INPUT", atStart: true) }
    }
  }

  package func guardedInterfaces() throws(CNIError) -> [String] {
    var names: [String] = []
    for place in places {
      names +=
        try place.look(PortRules.guardTable, anyOf: [PortRules.guardComment]) { (table) throws(CNIError) in
          try Self.guards(&table).compactMap { $0.rule.flatMap { PortRules.interface(guardedBy: $0) } }
        } ?? []
    }
    return Array(Set(names))
  }

  package func endGuard(
    of interface: String, unlessReached isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool {
    if try isReachedFromLocalhost(where: isBehind) { return false }
    // A legacy table of others is not locked for that.
    for place in places where place.mayHold(PortRules.guardTable, anyOf: [PortRules.guardComment]) {
      try place.change(PortRules.guardTable) { (table) throws(CNIError) in
        for rule in try Self.guards(&table) where rule.rule.flatMap({ PortRules.interface(guardedBy: $0) }) == interface
        {
          table.remove(rule, from: "INPUT")
        }
      }
    }
    return true
  }

  package func replaceFormerGuard(by open: () throws(CNIError) -> [String]) throws(CNIError) -> Bool {
    var isReplaced = false
    for place in places where place.mayHold(PortRules.guardTable, anyOf: [PortRules.guardComment]) {
      let isThere = try place.look(PortRules.guardTable) { (table) throws(CNIError) in
        try Self.guards(&table).contains { $0.rule.map(PortRules.formerGuards.contains) ?? false }
      }
      if !isThere { continue }
      let interfaces = try open()
      try place.change(PortRules.guardTable) { (table) throws(CNIError) in
        for rule in interfaces.flatMap(PortRules.guards) { try table.ensure(rule, in: "INPUT", atStart: true) }
        for former in try Self.guards(&table) where former.rule.map(PortRules.formerGuards.contains) ?? false {
          table.remove(former, from: "INPUT")
        }
      }
      isReplaced = true
    }
    return isReplaced
  }

  package func isGuardNeeded(
    on interface: String, where isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool? {
    try guardedInterfaces().contains(interface) ? isReachedFromLocalhost(where: isBehind) : nil
  }

  package func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool {
    if reached.addresses.contains(where: isBehind) { return true }
    for place in places {
      let isReached = try place.look(IPTable(.nat, .ip), anyOf: [PortRules.chainPrefix]) { (table) throws(CNIError) in
        try table.isReachedFromLocalhost(where: isBehind)
      }
      if isReached ?? false { return true }
    }
    return false
  }

  /// Upstream has no such rules, and its order keeps services' addresses theirs.
  package func spare(_ addresses: [IPAddress]) {}

  private static func guards(_ table: inout TableEdit) throws(CNIError) -> [PlacedRule] {
    try table.rules(of: "INPUT", holding: [Array(PortRules.guardComment.utf8)])
  }
}

extension TableEdit {
  /// Whether connections from localhost lead to such a container. Where thousands have ports, the first is mostly all that is
  /// looked into.
  fileprivate mutating func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool {
    guard try uses(of: PortRules.entries) > 0 else { return false }
    if let first = try firstReachedFromLocalhost(besides: nil), isBehind(first) { return true }
    for entry in try rules(of: PortRules.entries) ?? [] {
      if let address = try addressReachedFromLocalhost(by: entry), isBehind(address) { return true }
    }
    return false
  }

  /// The container that the first entry leads to, if connections from localhost do too; an attachment's own are left out.
  func firstReachedFromLocalhost(besides own: PresentPorts?) throws(CNIError) -> IPAddress? {
    func isOwn(_ entry: PlacedRule) -> Bool { entry.jump.map { own?.has($0) ?? false } ?? false }
    let entries = try rules(of: PortRules.entries, holding: nil) { !isOwn($0) }
    guard let first = entries.first(where: { !isOwn($0) }) else { return nil }
    return try addressReachedFromLocalhost(by: first)
  }

  /// All rules of an attachment's chain lead to one address.
  private func addressReachedFromLocalhost(by entry: PlacedRule) throws(CNIError) -> IPAddress? {
    guard let chain = entry.jump, chain.hasPrefix(PortRules.chainPrefix) else { return nil }
    let rules = try rules(of: chain, holding: nil).compactMap(\.rule)
    guard rules.contains(where: \.marksLocalhost) else { return nil }
    return rules.lazy.compactMap { $0.forward?.destination.address }.first
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
