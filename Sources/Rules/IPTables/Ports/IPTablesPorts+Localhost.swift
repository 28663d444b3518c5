// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The containers that connections from localhost led to when this process last changed a table: to read a table of thousands of
/// rules again would take long. A later DEL of such a container finds out by itself whether it was the last one.
final class ReachedContainers {
  var addresses: [IPAddress] = []
}

/// A guard is a pair of rules, which also record that portmap has set `route_localnet`.
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
    // A legacy table without guards is not locked for this.
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

  /// Does nothing: the entries stand behind kube-proxy's rules, which take the packets of services first.
  package func spare(_ addresses: [IPAddress]) {}

  private static func guards(_ table: inout TableEdit) throws(CNIError) -> [PlacedRule] {
    try table.rules(of: "INPUT", holding: [Array(PortRules.guardComment.utf8)])
  }
}

extension TableEdit {
  /// Whether connections from localhost lead to a container whose address satisfies `isBehind`. The first entry is checked first,
  /// because among thousands of containers it usually settles the question.
  fileprivate mutating func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool {
    guard try uses(of: PortRules.entries) > 0 else { return false }
    if let first = try firstReachedFromLocalhost(besides: nil), isBehind(first) { return true }
    for entry in try rules(of: PortRules.entries) ?? [] {
      if let address = try addressReachedFromLocalhost(by: entry), isBehind(address) { return true }
    }
    return false
  }

  /// The address of the container that the first entry leads to, if connections from localhost lead there too; entries of `own`
  /// are skipped.
  func firstReachedFromLocalhost(besides own: PresentPorts?) throws(CNIError) -> IPAddress? {
    func isOwn(_ entry: PlacedRule) -> Bool { entry.jump.map { own?.has($0) ?? false } ?? false }
    let entries = try rules(of: PortRules.entries, holding: nil) { !isOwn($0) }
    guard let first = entries.first(where: { !isOwn($0) }) else { return nil }
    return try addressReachedFromLocalhost(by: first)
  }

  /// The address of the container that an entry leads to, if connections from localhost do too; all rules of an attachment's
  /// chain lead to one address.
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
  /// Whether a rule of an attachment's chain marks connections from localhost for masquerading.
  fileprivate var marksLocalhost: Bool {
    guard case .jump = target else { return false }
    return source.map { !$0.isNegated && Prefix.loopback4.contains($0.value.address) } ?? true
  }
}
