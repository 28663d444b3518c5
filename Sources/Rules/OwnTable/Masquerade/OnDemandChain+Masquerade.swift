// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import NFTables

/// Masquerading for one length of subnets' prefixes.
extension OnDemandChain {
  static func ipmasqName(_ family: AddressFamily, _ length: Int) -> String { "ipmasq\(family.suffix)_\(length)" }

  static func ipmasq(_ family: AddressFamily, _ length: Int) -> OnDemandChain {
    let name = ipmasqName(family, length)
    func lookup(_ side: Match.Side) -> [Expression] { Match.source(withSubnetOf: side, length, family, in: name) }
    return OnDemandChain(
      name: name, sets: [NamedSet(name, key: [.address(family), .address(family)])],
      rules: [
        NFTRule(name, lookup(.destination) + [.return]),
        NFTRule(name, [.masqueradeKeepingPort]),
      ],
      jumps: [NFTRule(Feature.masqueradeSources, lookup(.source) + [.goto(name)], at: .head)])
  }

  /// The chain of this name; nil if it is none of masquerading's.
  static func ipmasq(named name: String) -> OnDemandChain? {
    ipmasqSubnets(named: name).map { .ipmasq($0.family, $0.length) }
  }

  /// The family and length that the name of a chain, and of its set, stands for; nil if it is none of masquerading's.
  static func ipmasqSubnets(named name: String) -> (family: AddressFamily, length: Int)? {
    for family in AddressFamily.allCases {
      let prefix = "ipmasq\(family.suffix)_"
      // Somebody else may have made a chain of any name.
      guard name.hasPrefix(prefix), let length = Int(name.dropFirst(prefix.count)) else { continue }
      if (0...family.bits).contains(length), name == ipmasqName(family, length) { return (family, length) }
    }
    return nil
  }
}

extension Match {
  /// `ip saddr . ip daddr & 255.255.0.0 @set`, or with the subnet of the source itself
  fileprivate static func source(
    withSubnetOf side: Side, _ length: Int, _ family: AddressFamily, in set: String
  ) -> [Expression] {
    let second = Register.first.after(bytes: family.bits / 8)
    let mask = Expression.mask(IPAddress.mask(family, length).bytes, in: second)
    return Match.family(family) + [loadAddress(.source, family), loadAddress(side, family, into: second)]
      + (length == family.bits ? [] : [mask]) + [.lookup(set)]
  }
}
