// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import OS

/// The rules of a container in the table `nat` of one family, as upstream's plugins write them:
///
///     -A POSTROUTING -s ADDRESS -m comment --comment "name: \"NETWORK\" id: \"CONTAINER\"" -j CNI-HASH
///     -A CNI-HASH -d SUBNET -m comment --comment … -j ACCEPT
///     -A CNI-HASH ! -d 224.0.0.0/4 -m comment --comment … -j MASQUERADE
///
/// The chain is named by the network and the container alone, so that all of the container's interfaces in the network share it. Whose an
/// entry is tells its source. Old versions of upstream had the subnet there.
struct MasqueradeRules {
  /// What the names of the chains begin with.
  static let chainPrefix = IPTable.pluginChains
  static let entries = "POSTROUTING"

  let family: AddressFamily
  let chain: String
  let comment: String

  init(of owner: Attachment, _ family: AddressFamily) {
    self.family = family
    chain = Self.chain(of: owner)
    comment = Self.cut("\(Self.commentPrefix(ofNetwork: owner.network))\(owner.containerID)\"")
  }

  static func chain(of owner: Attachment) -> String {
    "\(chainPrefix)\(sha512(owner.network + owner.containerID).prefix(24))"
  }

  /// What the comments of a network's rules begin with; with a network's name that leaves no room for an ID they all are the same.
  static func commentPrefix(ofNetwork network: String) -> String { cut("name: \"\(network)\" id: \"") }

  /// The kernel's field has 256 bytes with a NUL (linux/netfilter/xt_comment.h); upstream fails where it is too short.
  private static func cut(_ text: String) -> String {
    text.utf8.count <= 255 ? text : String(decoding: text.utf8.prefix(255), as: UTF8.self)
  }

  /// What leads packets from a container's address to the chain.
  func entry(_ source: Prefix) -> IPTablesRule {
    IPTablesRule(
      source: Negatable(Prefix(host: source.address)), matches: [.comment(CommentMatch(comment))], target: .jump(chain))
  }

  /// What lets packets to the container's own subnet go as they are.
  func acceptance(_ source: Prefix) -> IPTablesRule {
    // To iptables all addresses are no condition.
    IPTablesRule(
      destination: source.length == 0 ? nil : Negatable(source.network), matches: [.comment(CommentMatch(comment))],
      target: .accept)
  }

  var masquerading: IPTablesRule {
    IPTablesRule(
      destination: Negatable(.multicast(family), isNegated: true), matches: [.comment(CommentMatch(comment))],
      target: .masquerade(MasqueradeTarget(family)))
  }
}
