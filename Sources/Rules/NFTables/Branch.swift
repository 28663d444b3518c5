// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Digest
import Rules

/// A part of the table that comes when it is first needed: a chain of its own, its sets, and the rules elsewhere that
/// jump to it.
struct Branch: Sendable {
  let chain: String
  let sets: [SetObject]
  /// Elements that belong to the branch and to no owner.
  var fixtures: [Element] = []
  /// The chain's own rules.
  let body: [RuleObject]
  /// Go to the head of their chains.
  let jumps: [RuleObject]

  /// How often the chain is used if the branch is whole.
  var use: Int { body.count + jumps.count }
}

// MARK: - Masquerading for one length of subnets

extension Branch {
  private static let masqueradePrefix = "masquerade"

  static func masqueradeName(_ family: AddressFamily, _ length: Int) -> String {
    "\(masqueradePrefix)\(family.suffix)_\(length)"
  }

  static func masquerade(_ family: AddressFamily, _ length: Int) -> Branch {
    let name = masqueradeName(family, length)
    let set = SetObject(name: name, key: [.address(family), .internetProtocol, .internetService, .address(family)])
    let steps: [any Expression] =
      LookupKey.masquerade(family, length: length).loads + [Lookup(set: name), MasqueradeSource()]
    return Branch(
      chain: name, sets: [set], body: [RuleObject(name, steps)],
      jumps: [RuleObject(Table.masquerading, [Verdict.jump(name)], end: .head)])
  }

  /// The family and length that a branch's name stands for; nil if it is no masquerading.
  static func masquerade(named name: String) -> (family: AddressFamily, length: Int)? {
    for family in AddressFamily.allCases {
      let prefix = "\(masqueradePrefix)\(family.suffix)_"
      if name.hasPrefix(prefix), let length = Int(name.dropFirst(prefix.count)) { return (family, length) }
    }
    return nil
  }
}

// MARK: - A network's conditions

extension Branch {
  private static let conditionsPrefix = "conditions"

  /// What stands for conditions in names and comments: of the network, and of what is demanded.
  static func conditionsID(_ conditions: Conditions) -> String {
    let digest = sha512("\(conditions.network) \(conditions.all.map(\.text).joined(separator: " "))")
    return "\(networkID(conditions.network))_\(digest.prefix(8))"
  }

  private static func networkID(_ network: String) -> String { String(sha512(network).prefix(8)) }

  static func conditionsName(_ family: AddressFamily, _ id: some StringProtocol) -> String {
    "\(conditionsPrefix)\(family.suffix)_\(id)"
  }

  /// The name of the set of the ports that the conditions are for, on one address or on all.
  static func conditionsSet(_ family: AddressFamily, _ id: some StringProtocol, hasHostAddress: Bool) -> String {
    conditionsName(family, id) + (hasHostAddress ? "_hostip" : "")
  }

  /// The beginning of the names of the conditions of a network.
  static func conditionsPrefix(ofNetwork network: String, _ family: AddressFamily) -> String {
    conditionsName(family, networkID(network)) + "_"
  }

  static func conditions(_ conditions: Conditions) -> Branch {
    let name = conditionsName(conditions.family, conditionsID(conditions))
    var steps: [any Expression] = []
    var sets: [SetObject] = []
    var fixtures: [Element] = []
    for (index, condition) in conditions.all.enumerated() {
      let encoded = condition.encoded(conditions.family, setName: "\(name)_\(index)")
      steps += encoded.steps
      sets += encoded.sets
      fixtures += encoded.elements
    }
    var skeleton = conditionsSkeleton(conditions.family, conditionsID(conditions))
    skeleton = Branch(
      chain: name, sets: skeleton.sets + sets, fixtures: fixtures,
      body: [
        RuleObject(name, steps + [Verdict.return], comment: "network \(conditions.network)"),
        RuleObject(name, [Verdict.accept]),
      ], jumps: skeleton.jumps)
    return skeleton
  }

  /// What of a branch follows from its name alone: its sets of ports and the jumps.
  static func conditionsSkeleton(_ family: AddressFamily, _ id: some StringProtocol) -> Branch {
    let name = conditionsName(family, id)
    let ports = conditionsSet(family, id, hasHostAddress: false)
    let addressPorts = conditionsSet(family, id, hasHostAddress: true)
    return Branch(
      chain: name,
      sets: [
        SetObject(name: ports, key: [.internetProtocol, .internetService]),
        SetObject(name: addressPorts, key: [.address(family), .internetProtocol, .internetService]),
      ],
      body: [],
      jumps: [
        RuleObject(
          Table.hostPorts(family).name, LookupKey.hostPort.loads + [Lookup(set: ports), Verdict.jump(name)], end: .head),
        RuleObject(
          Table.hostAddressPorts(family).name,
          LookupKey.hostAddressPort(family).loads + [Lookup(set: addressPorts), Verdict.jump(name)], end: .head),
      ])
  }

  /// The family and ID that a branch's name stands for; nil if it is no network's conditions.
  static func conditions(named name: String) -> (family: AddressFamily, id: Substring)? {
    for family in AddressFamily.allCases {
      let prefix = conditionsName(family, "")
      if name.hasPrefix(prefix) { return (family, name.dropFirst(prefix.count)) }
    }
    return nil
  }
}
