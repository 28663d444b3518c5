// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import NFTables
import Netlink

/// An element that several attachments want together: each has one of its own in the set of members, and with the last of them
/// the shared one goes.
struct SharedElement: Sendable {
  let element: Element
  let members: NamedSet

  /// What a bridge is in one of the sets of bridges.
  init(bridge: String, in set: NamedSet) {
    element = Element(set.name, key: Self.key(bridge), comment: nil)
    // What nft could not read as a name is told by its hash.
    let isPlain = bridge.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "_-.".utf8.contains(byte)
    }
    let name = isPlain ? bridge : String(sha512(bridge).prefix(15))
    members = NamedSet("\(Self.prefix(set))\(name)", key: [.interfaceName, .interfaceName])
  }

  /// Takes an element that was read.
  init(_ element: Element, in set: NamedSet) { self.init(bridge: element.id.key[...].text, in: set) }

  /// The element that a member's is about, whose comment has the bridge's name; nil for other elements.
  static func id(sharedBy member: Element, in feature: Feature) -> Element.ID? {
    guard let set = shared(byMembersOf: member.id.set, in: feature), let comment = member.comment else { return nil }
    return Element.ID(set: set.name, key: key(String(comment.note)))
  }

  /// The shared set that `set` has the members of one element of; nil if it is no set of members.
  static func shared(byMembersOf set: String, in feature: Feature) -> NamedSet? {
    feature.sharedSets.first { set.hasPrefix(prefix($0)) } ?? feature.sharedSetOnDemand(set)
  }

  /// Whether an element makes an attachment a member of one of a shared set.
  static func isMember(_ element: Element, of set: NamedSet) -> Bool { element.id.set.hasPrefix(prefix(set)) }

  private static func prefix(_ set: NamedSet) -> String { "\(set.name)_" }

  /// An interface as the key of an element: the name twice, each with NUL to 16 bytes.
  static func key(_ interface: String) -> [UInt8] {
    let name = Array(interface.utf8.prefix(15))
    let padded = name + [UInt8](repeating: 0, count: 16 - name.count)
    return padded + padded
  }
}
