// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Digest
import OS
import Rules

extension DeniedDestinations {
  /// One address of a family.
  static func sample(_ family: AddressFamily) -> DeniedDestinations {
    let host = Prefix(host: Prefix.all(family).last)
    return DeniedDestinations(
      network: "", family: family, ranges: [AddressRange(first: host.address, end: host.last.successor)])
  }
}

/// What a network's containers do not reach.
extension Branch {
  static func denied(_ denied: DeniedDestinations) -> Branch {
    let family = denied.family
    var branch = deniedSkeleton(family, deniedID(denied))
    let (name, ranges) = (branch.chain, "\(branch.chain)_ranges")
    branch.body.append(RuleObject(name, Match.ofKnownConnection + [.return]))
    // To know that every address is denied nothing need be looked up.
    if denied.ranges == [AddressRange(first: Prefix.all(family).address, end: nil)] {
      branch.body.append(RuleObject(name, [.drop]))
      return branch
    }
    branch.sets.append(SetObject(name: ranges, key: [.address(family)], isInterval: true))
    branch.fixtures = Element.intervals(ranges, denied.ranges.map { ($0.first.bytes, $0.end?.bytes) })
    branch.body.append(RuleObject(name, Match.address(.destination, family, in: ranges) + [.drop]))
    return branch
  }

  /// What stands for a list in names: its network's, and what is in it.
  static func deniedID(_ denied: DeniedDestinations) -> String {
    let text = "\(denied.network) \(joined(denied.ranges.map(\.description), by: " "))"
    return "\(networkID(denied.network))_\(sha512(text).prefix(8))"
  }

  static func deniedName(_ family: AddressFamily, _ id: some StringProtocol) -> String {
    "denied\(family.suffix)_\(id)"
  }

  /// The beginning of the names of the lists of a network.
  static func deniedPrefix(ofNetwork network: String, _ family: AddressFamily) -> String {
    deniedName(family, networkID(network)) + "_"
  }

  /// What of a branch follows from its name alone: the set of containers and the jump.
  private static func deniedSkeleton(_ family: AddressFamily, _ id: some StringProtocol) -> Branch {
    let name = deniedName(family, id)
    return Branch(
      chain: name, sets: [SetObject(name: name, key: [.address(family)])], body: [],
      jumps: [
        RuleObject(Part.restrictions, Match.address(.source, family, in: name) + [.jump(name)], end: .head)
      ])
  }

  /// As much of one of firewall's branches as its chain's name tells.
  static func firewall(named chain: String) -> Branch? {
    for family in AddressFamily.allCases {
      let prefix = deniedName(family, "")
      if chain.hasPrefix(prefix) { return deniedSkeleton(family, chain.dropFirst(prefix.count)) }
    }
    return nil
  }
}
