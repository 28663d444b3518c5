// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Rules

/// What an owner wants to be there, beside others who may want the same.
enum Wish: Hashable {
  case accept(IPAddress)
  /// The rules about packets that leave a bridge for others, or also those about packets that stay on it.
  case isolation(of: String, Isolation.Kind)

  /// The chain that stands for all wishes of a kind.
  var chain: String {
    switch self {
    case .accept: Self.accepts
    case .isolation(let bridge, .sameBridge): Self.leaving + bridge
    case .isolation(let bridge, .isolated): Self.staying + bridge
    }
  }

  /// Reads what a rule is marked for by its chain.
  fileprivate init?(chain: String, _ placed: PlacedRule) {
    if chain == Self.accepts {
      guard let address = placed.rule?.source?.value.address else { return nil }
      self = .accept(address)
    } else if chain.hasPrefix(Self.leaving) {
      self = .isolation(of: String(chain.dropFirst(Self.leaving.utf8.count)), .sameBridge)
    } else if chain.hasPrefix(Self.staying) {
      self = .isolation(of: String(chain.dropFirst(Self.staying.utf8.count)), .isolated)
    } else {
      return nil
    }
  }

  static let accepts = "CNI-OWNERS"
  static let leaving = "CNI-FB-"
  static let staying = "CNI-FI-"
}

/// How it is marked in a table who wants what: rules that no packet comes to, as the peer deletes an accept by its exact text,
/// so that no owner can stand in it. What is accepted without a mark, the peer has added.
///
/// How many rules there are in the chain of a wish and how many jumps to it, the kernel or its table says, in either way: so
/// nobody needs to look at the marks of thousands.
enum Marking: CaseIterable {
  /// Each owner has a chain, which alone is read and changed, and a comment says who it is:
  ///
  ///     -A CNI-FO-HASH -s ADDRESS -m comment --comment "NETWORK/ID/INTERFACE" -j CNI-OWNERS
  ///     -A CNI-FO-HASH -m comment --comment "NETWORK/ID/INTERFACE" -j CNI-FB-BRIDGE
  case byOwner
  /// All owners share the chains of the wishes: where a table is read and written as a whole, by whoever changes anything in it,
  /// a chain and a comment for each owner would make that take three times as long. The owner's hash stands where a rule can
  /// hold it without being any longer:
  ///
  ///     -A CNI-OWNERS -s ADDRESS -i NETWORK -o HASH -j RETURN
  ///     -A CNI-FB-BRIDGE -i NETWORK -o HASH -j RETURN
  case byWish

  /// The owner's chain, with a name of as many bytes as the peer's have.
  static func chain(_ owner: OwnerTag) -> String { ownPrefix + sha512(owner.text).prefix(21) }

  static let ownPrefix = "CNI-FO-"

  /// The rule that is a mark, and the chain that it stands in.
  func mark(_ wish: Wish, _ owner: OwnerTag) -> (chain: String, rule: IPTablesRule) {
    var rule: IPTablesRule
    switch self {
    case .byOwner:
      rule = IPTablesRule(matches: [.comment(CommentMatch(owner.text))], target: .jump(wish.chain))
    case .byWish:
      let label = MarkLabel(owner)
      rule = IPTablesRule(inputInterface: label.network, outputInterface: label.owner, target: .return)
    }
    if case .accept(let address) = wish { rule.source = Negatable(Prefix(host: address)) }
    return (self == .byOwner ? Self.chain(owner) : wish.chain, rule)
  }

  /// The mark that a rule of some chain is, of either kind: rules that were saved may have been restored to tables of the other
  /// kind. Nil if it is none.
  static func mark(_ placed: PlacedRule, in chain: String) -> Mark? {
    let wished = chain.hasPrefix(ownPrefix) ? placed.jump : chain
    guard let wished, let wish = Wish(chain: wished, placed) else { return nil }
    return Mark(chain: chain, placed: placed, wish: wish)
  }
}

/// An owner as it stands in the place of two interfaces, which are of at most 15 bytes.
struct MarkLabel: Hashable {
  let network: Negatable<InterfacePattern>
  let owner: Negatable<InterfacePattern>

  init(_ owner: OwnerTag) {
    network = Self.network(ofTags: owner.network)
    self.owner = Self.interface(sha512(owner.text))
  }

  /// Reads a mark; nil if it has no label.
  init?(_ rule: IPTablesRule) {
    guard let network = rule.inputInterface, let owner = rule.outputInterface else { return nil }
    (self.network, self.owner) = (network, owner)
  }

  /// The network of a tag: its name if it fits, else its hash.
  static func network(ofTags name: String) -> Negatable<InterfacePattern> {
    interface(name.utf8.count <= length ? name : sha512(name))
  }

  private static func interface(_ text: String) -> Negatable<InterfacePattern> {
    Negatable(InterfacePattern(String(text.prefix(length))))
  }

  /// `IFNAMSIZ` without the NUL.
  private static let length = 15
}
