// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import OS
import Rules

/// Ownership records of versions before 0.2: rules in tables of iptables that no packet reaches. Containers that have run since
/// then still have some; they are read and removed, but never written. Either each owner had a chain,
///
///     -A CNI-FO-HASH -s ADDRESS -m comment --comment "NETWORK/ID/INTERFACE" -j CNI-OWNERS
///     -A CNI-FO-HASH -m comment --comment "NETWORK/ID/INTERFACE" -j CNI-FB-BRIDGE
///
/// or, in legacy tables, all owners shared chains, with the network's name and the owner's hash in place of interfaces:
///
///     -A CNI-OWNERS -s ADDRESS -i NETWORK -o HASH -j RETURN
///     -A CNI-FB-BRIDGE -i NETWORK -o HASH -j RETURN
enum FormerMarks {
  static let accepts = "CNI-OWNERS"
  /// The prefixes of a bridge's chains: of containers with any isolation, and of those with `isolated`.
  static let bridgePrefixes = ["CNI-FB-", "CNI-FI-"]
  static let ownerPrefix = "CNI-FO-"

  static func chain(_ owner: AttachmentTag) -> String { ownerPrefix + sha512(owner.text).prefix(21) }
}

/// The addresses and bridges that former records are for.
struct FormerClaims {
  var addresses: [IPAddress] = []
  var bridges: [String] = []

  var isEmpty: Bool { addresses.isEmpty && bridges.isEmpty }
}

extension TableEdit {
  /// Collects the removal of an owner's former records; returns their addresses and bridges, except those in records of other
  /// owners.
  mutating func removeFormerMarks(of owner: AttachmentTag) throws(CNIError) -> FormerClaims {
    guard try has(FormerMarks.accepts) else { return FormerClaims() }
    let label = MarkLabel(owner)
    return try removeFormerMarks(
      ownChains: [FormerMarks.chain(owner)], holding: label.owner, isShared: { $0 == label })
  }

  /// Does the same for a network's owners except `spared`, and removes chains that become empty.
  mutating func removeFormerMarks(
    ofNetwork name: String, sparing spared: Set<AttachmentTag>
  ) throws(CNIError) -> FormerClaims {
    guard try has(FormerMarks.accepts) else { return FormerClaims() }
    let prefix = AttachmentTag.prefix(ofNetwork: name)
    var ownChains: [String] = []
    for chain in try chains(withPrefix: FormerMarks.ownerPrefix) {
      let comment = try (rules(of: chain) ?? []).first?.rule?.comment
      guard let comment else {
        removeChain(chain)
        continue
      }
      if comment.hasPrefix(prefix), !spared.contains(AttachmentTag(text: comment)) { ownChains.append(chain) }
    }
    let network = MarkLabel.network(ofTags: String(prefix.dropLast()))
    let labels = Set(spared.map { MarkLabel($0) })
    let claims = try removeFormerMarks(ownChains: ownChains, holding: network) {
      $0.network == network && !labels.contains($0)
    }
    for chain in try [FormerMarks.accepts] + bridgeChains() where try uses(of: chain) == 0 { removeChain(chain) }
    return claims
  }

  /// Whether a container of a former version has a record of isolating a bridge.
  mutating func isMarked(_ bridge: String) throws(CNIError) -> Bool {
    for prefix in FormerMarks.bridgePrefixes where try uses(of: prefix + bridge) > 0 { return true }
    return false
  }

  private func bridgeChains() throws(CNIError) -> [String] {
    var all: [String] = []
    for prefix in FormerMarks.bridgePrefixes { all += try chains(withPrefix: prefix) }
    return all
  }

  private mutating func removeFormerMarks(
    ownChains: [String], holding text: String, isShared: (MarkLabel) -> Bool
  ) throws(CNIError) -> FormerClaims {
    var claims = FormerClaims()
    var removed: [UInt64] = []
    for chain in ownChains {
      guard let rules = try rules(of: chain) else { continue }
      for placed in rules { claims.add(placed, markedIn: placed.jump) }
      removed += rules.map(\.handle)
      removeChain(chain)
    }
    for chain in try [FormerMarks.accepts] + bridgeChains() {
      for placed in try rules(of: chain, holding: [Array(text.utf8)]) {
        guard let label = placed.rule.flatMap({ MarkLabel($0) }), isShared(label) else { continue }
        claims.add(placed, markedIn: chain)
        removed.append(placed.handle)
        remove(placed, from: chain)
      }
    }
    return claims.isEmpty ? claims : claims.subtracting(try otherClaims(than: removed))
  }

  /// The addresses and bridges in records of other owners. It reads all rules, which only containers of former versions make
  /// necessary.
  private func otherClaims(than removed: [UInt64]) throws(CNIError) -> FormerClaims {
    var claims = FormerClaims()
    for (chain, placed) in try allRules(holding: nil) where !removed.contains(placed.handle) {
      claims.add(placed, markedIn: chain.hasPrefix(FormerMarks.ownerPrefix) ? placed.jump : chain)
    }
    return claims
  }
}

extension FormerClaims {
  /// Adds the address or the bridge of a record; `chain` is the one that the rule jumps to, or is in if all owners share it.
  fileprivate mutating func add(_ placed: PlacedRule, markedIn chain: String?) {
    guard let chain else { return }
    if chain == FormerMarks.accepts {
      if let address = placed.rule?.source?.value.address { addresses.append(address) }
      return
    }
    for prefix in FormerMarks.bridgePrefixes where chain.hasPrefix(prefix) {
      bridges.append(String(chain.dropFirst(prefix.count)))
    }
  }

  fileprivate func subtracting(_ others: FormerClaims) -> FormerClaims {
    FormerClaims(
      addresses: addresses.filter { !others.addresses.contains($0) },
      bridges: bridges.filter { !others.bridges.contains($0) })
  }
}

/// The label of an owner in place of two interfaces, whose names have at most 15 bytes.
private struct MarkLabel: Hashable {
  let network: String
  let owner: String

  init(_ owner: AttachmentTag) {
    network = Self.network(ofTags: owner.network)
    self.owner = String(sha512(owner.text).prefix(Self.length))
  }

  /// The label in a record; nil if it has none.
  init?(_ rule: IPTablesRule) {
    guard let network = rule.inputInterface, let owner = rule.outputInterface else { return nil }
    self.network = network.value.name
    self.owner = owner.value.name
  }

  /// The label of a network: the name in its tags if it fits, else a hash.
  static func network(ofTags name: String) -> String {
    String((name.utf8.count <= length ? name : sha512(name)).prefix(length))
  }

  /// `IFNAMSIZ` without the NUL.
  private static let length = 15
}
