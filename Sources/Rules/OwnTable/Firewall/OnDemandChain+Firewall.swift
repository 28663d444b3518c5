// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Digest
import NFTables
import Netlink
import OS
import Rules

extension DeniedDestinations {
  /// A list of one address, for the samples of the feature.
  static func sample(_ family: AddressFamily) -> DeniedDestinations {
    let host = Prefix(host: Prefix.all(family).last)
    return DeniedDestinations(
      network: "", family: family, ranges: [AddressRange(first: host.address, end: host.last.successor)])
  }
}

extension OnDemandChain {
  /// The parts of one of firewall's chains on demand that follow from its name; nil for other names.
  static func firewall(named chain: String) -> OnDemandChain? {
    for family in AddressFamily.allCases {
      let prefix = deniedName(family, "")
      if chain.hasPrefix(prefix) { return deniedSkeleton(family, chain.dropFirst(prefix.count)) }
    }
    return marking(named: chain)
  }
}

// MARK: - Denied destinations of a network

extension OnDemandChain {
  static func denied(_ denied: DeniedDestinations) -> OnDemandChain {
    var chain = deniedSkeleton(denied.family, deniedID(denied))
    let ranges = denied.ranges.map { ($0.first.bytes, $0.end?.bytes) }
    chain.fixtures = Element.intervals(deniedRanges(chain.name), ranges)
    return chain
  }

  /// The ID of a list in names: a hash of the network, and one of the network with the ranges.
  static func deniedID(_ denied: DeniedDestinations) -> String {
    let text = "\(denied.network) \(joined(denied.ranges.map(\.description), by: " "))"
    return "\(networkID(denied.network))_\(sha512(text).prefix(8))"
  }

  static func deniedName(_ family: AddressFamily, _ id: some StringProtocol) -> String {
    "denied\(family.suffix)_\(id)"
  }

  /// The prefix of the names of all lists of a network.
  static func deniedPrefix(ofNetwork network: String, _ family: AddressFamily) -> String {
    deniedName(family, networkID(network)) + "_"
  }

  static func deniedVeths(_ chain: String) -> NamedSet {
    Feature.interfaceSet("\(chain)_veths")
  }

  static func deniedBridges(_ chain: String) -> NamedSet { Feature.interfaceSet("\(chain)_bridges") }

  /// The set of bridges for one element of which `set` holds the members, by its name; nil if `set` is no such set.
  static func deniedBridges(byMembersOf set: String) -> NamedSet? {
    let words = set.split(separator: "_", maxSplits: 4).map(String.init)
    guard
      words.count == 5, words[3] == "bridges",
      AddressFamily.allCases.contains(where: { deniedName($0, "") == "\(words[0])_" })
    else { return nil }
    return deniedBridges(joined(Array(words.prefix(3)), by: "_"))
  }

  private static func deniedRanges(_ chain: String) -> String { "\(chain)_ranges" }

  /// The chain without its ranges; it follows from the name alone, and so can be rebuilt after a flush of the table.
  private static func deniedSkeleton(_ family: AddressFamily, _ id: some StringProtocol) -> OnDemandChain {
    let name = deniedName(family, id)
    let (veths, bridges, ranges) = (deniedVeths(name), deniedBridges(name), deniedRanges(name))
    func jump(_ match: [Expression]) -> NFTRule {
      NFTRule(Feature.restrictions, match + [.jump(name)], at: .head)
    }
    return OnDemandChain(
      name: name,
      sets: [
        NamedSet(name, key: [.address(family)]), veths, bridges,
        NamedSet(ranges, key: [.address(family)], isInterval: true),
      ],
      rules: [
        NFTRule(name, Match.ofKnownConnection + [.return]),
        NFTRule(name, Match.address(.destination, family, in: ranges) + [.drop]),
      ],
      jumps: [
        jump(Match.address(.source, family, in: name)),
        jump(Match.family(family) + Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: veths.name)),
        jump(Match.unknown(.source, family, on: bridges.name)),
      ])
  }
}

// MARK: - The bit of the fwmark that says that a packet is accepted

extension OnDemandChain {
  private static let markPrefix = "mark_"
  private static let unmarkPrefix = "unmark_"

  /// The chains that set a bit and clear it.
  static func marking(bit: Int) -> [OnDemandChain] { [mark(bit), unmark(bit)] }

  private static func mark(_ bit: Int) -> OnDemandChain {
    fwmark("\(markPrefix)\(bit)", Match.setMark(bit: bit, true), from: Feature.marked)
  }

  private static func unmark(_ bit: Int) -> OnDemandChain {
    fwmark("\(unmarkPrefix)\(bit)", Match.setMark(bit: bit, false), from: Feature.unmarked)
  }

  private static func fwmark(_ name: String, _ expressions: [Expression], from chain: String) -> OnDemandChain {
    OnDemandChain(
      name: name, sets: [], rules: [NFTRule(name, expressions)],
      jumps: [NFTRule(chain, [.jump(name)], at: .head)])
  }

  private static func marking(named name: String) -> OnDemandChain? {
    func bit(_ prefix: String) -> Int? {
      guard name.hasPrefix(prefix), let bit = Int(name.dropFirst(prefix.count)) else { return nil }
      return (0..<32).contains(bit) && name == "\(prefix)\(bit)" ? bit : nil
    }
    return bit(markPrefix).map(mark) ?? bit(unmarkPrefix).map(unmark)
  }
}
