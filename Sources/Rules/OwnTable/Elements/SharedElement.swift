// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import NFTables
import Netlink

/// An element that several attachments share. Each attachment has an element in the set of members; when the last of these is
/// removed, the shared element is removed too.
struct SharedElement: Sendable {
  let element: Element
  let members: NamedSet

  /// The element of a bridge in one of the sets of bridges.
  init(bridge: String, in set: NamedSet) {
    element = Element(set.name, key: Self.key(bridge), comment: nil)
    // A bridge name that nft could not parse as part of a set's name is replaced by its hash.
    let isPlain = bridge.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "_-.".utf8.contains(byte)
    }
    let name = isPlain ? bridge : String(sha512(bridge).prefix(15))
    members = NamedSet("\(Self.prefix(set))\(name)", key: [.interfaceName, .interfaceName])
  }

  /// The shared element that was read from the kernel.
  init(_ element: Element, in set: NamedSet) { self.init(bridge: element.id.key[...].text, in: set) }

  /// The ID of the shared element that `member` belongs to, by the bridge's name in its comment; nil if it is no member element.
  static func id(sharedBy member: Element, in feature: Feature) -> Element.ID? {
    guard let set = shared(byMembersOf: member.id.set, in: feature), let comment = member.comment else { return nil }
    return Element.ID(set: set.name, key: key(String(comment.note)))
  }

  /// The shared set for one element of which `set` holds the members; nil if `set` is no set of members.
  static func shared(byMembersOf set: String, in feature: Feature) -> NamedSet? {
    feature.sharedSets.first { set.hasPrefix(prefix($0)) } ?? feature.sharedSetOnDemand(set)
  }

  /// Whether an element makes its attachment a member of one of the elements of `set`.
  static func isMember(_ element: Element, of set: NamedSet) -> Bool { element.id.set.hasPrefix(prefix(set)) }

  private static func prefix(_ set: NamedSet) -> String { "\(set.name)_" }

  /// The key of an interface: its name twice, each padded with NUL to 16 bytes.
  static func key(_ interface: String) -> [UInt8] {
    let name = Array(interface.utf8.prefix(15))
    let padded = name + [UInt8](repeating: 0, count: 16 - name.count)
    return padded + padded
  }
}
