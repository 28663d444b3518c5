// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A rule of a chain.
struct RuleObject: Sendable {
  /// Which end of the chain the rule goes to.
  enum End: Sendable {
    case head, tail
  }

  let chain: String
  let expressions: [NFTExpression]
  var comment: String?
  var end = End.tail

  init(_ chain: String, _ expressions: [NFTExpression], comment: String? = nil, end: End = .tail) {
    self.chain = chain
    self.expressions = expressions
    self.comment = comment
    self.end = end
  }

  /// The chain that this rule jumps to, which is the last thing it does.
  var jump: String? { expressions.last?.jump }

  func message() -> NetlinkMessage {
    let flags = NLM_F_CREATE | (end == .tail ? NLM_F_APPEND : 0)
    var message = NetlinkMessage(nft: NFT_MSG_NEWRULE, flags: flags)
    message.attribute(NFTA_RULE_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
    message.attribute(expressions: expressions)
    if let comment { message.attribute(NFTA_RULE_USERDATA.rawValue, Comment(text: comment).userData) }
    return message
  }

  /// Removes every rule of a chain.
  static func flush(_ chain: String) -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_DELRULE)
    message.attribute(NFTA_RULE_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
    return message
  }

  /// Asks for a dump of all rules of our table.
  static func list() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETRULE, flags: NLM_F_DUMP)
    message.attribute(NFTA_RULE_TABLE.rawValue, text: Table.name)
    return message
  }
}

/// A rule as the kernel has it.
struct StoredRule: Sendable {
  let chain: String
  /// Nil if there is a step that no rule of ours has.
  let expressions: [NFTExpression]?
  /// The kernel's name for it, in network byte order.
  private let handle: [UInt8]

  /// Nil for a rule of another table.
  init?(_ reply: NetlinkReply) {
    let attributes = reply.attributes(after: 4)
    guard
      attributes[Int(NFTA_RULE_TABLE.rawValue)]?.text == Table.name,
      let chain = attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text,
      let handle = attributes[Int(NFTA_RULE_HANDLE.rawValue)]
    else { return nil }
    self.chain = chain
    self.handle = Array(handle)
    expressions = NFTExpression.decoded(attributes[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? [])
  }

  func deletion() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_DELRULE)
    message.attribute(NFTA_RULE_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
    message.attribute(NFTA_RULE_HANDLE.rawValue, handle)
    return message
  }
}
