// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A rule of a chain.
package struct NFTRule: Sendable {
  /// Where in the chain the rule goes.
  package enum Position: Equatable, Sendable {
    case head, tail
    /// Right behind the rule with this handle.
    case after(UInt64)
  }

  package let chain: String
  package let expressions: [Expression]
  package let comment: String?
  package let position: Position

  package init(
    _ chain: String, _ expressions: [Expression], comment: String? = nil, at position: Position = .tail
  ) {
    self.chain = chain
    self.expressions = expressions
    self.comment = comment
    self.position = position
  }

  /// The chain that this rule jumps to with its last expression.
  package var jump: String? { expressions.last?.jump }
}

/// The protocol of a rule, which matches and targets of x_tables check (`NFTA_RULE_COMPAT`).
package struct XTablesProtocol: Equatable, Sendable {
  /// The IANA protocol number; 0 for any.
  package let number: UInt8
  package let isNegated: Bool

  package init(_ number: UInt8 = 0, isNegated: Bool = false) {
    self.number = number
    self.isNegated = isNegated
  }
}

extension Table {
  package func add(_ rule: NFTRule, for xtables: XTablesProtocol? = nil) -> NetlinkMessage {
    var message = newRule(rule.chain, rule.position)
    message.attribute(expressions: rule.expressions)
    message.attribute(xtables)
    if let comment = rule.comment { message.attribute(NFTA_RULE_USERDATA.rawValue, Comment(text: comment).userData) }
    return message
  }

  /// Adds a copy of a rule from the attributes that the kernel sent, of which the expressions and the comment are used.
  package func add(
    encoded rule: Attributes, to chain: String, at position: NFTRule.Position, for xtables: XTablesProtocol
  ) -> NetlinkMessage {
    var message = newRule(chain, position)
    let expressions = rule[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? []
    message.attribute(NFTA_RULE_EXPRESSIONS.rawValue | UInt32(NLA_F_NESTED), Array(expressions))
    message.attribute(xtables)
    if let comment = rule[Int(NFTA_RULE_USERDATA.rawValue)] {
      message.attribute(NFTA_RULE_USERDATA.rawValue, Array(comment))
    }
    return message
  }

  /// Removes every rule of a chain.
  package func flush(chain: String) -> NetlinkMessage { ruleMessage(NFT_MSG_DELRULE, 0, chain) }

  /// Removes the rule of a chain with this handle.
  package func delete(rule handle: UInt64, from chain: String) -> NetlinkMessage {
    var message = ruleMessage(NFT_MSG_DELRULE, 0, chain)
    message.attribute(NFTA_RULE_HANDLE.rawValue, handle.bigEndian)
    return message
  }

  /// Asks for a dump of the table's rules, or of one chain's.
  package func listRules(of chain: String? = nil) -> NetlinkMessage {
    ruleMessage(NFT_MSG_GETRULE, NLM_F_DUMP, chain)
  }

  private func newRule(_ chain: String, _ position: NFTRule.Position) -> NetlinkMessage {
    var message = ruleMessage(
      NFT_MSG_NEWRULE, position == .head ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_APPEND, chain)
    if case .after(let handle) = position { message.attribute(NFTA_RULE_POSITION.rawValue, handle.bigEndian) }
    return message
  }

  private func ruleMessage(_ type: nf_tables_msg_types, _ flags: Int32, _ chain: String?) -> NetlinkMessage {
    var message = message(type, flags, table: NFTA_RULE_TABLE.rawValue)
    if let chain { message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain) }
    return message
  }
}

extension NetlinkMessage {
  fileprivate mutating func attribute(_ xtables: XTablesProtocol?) {
    guard let xtables else { return }
    nested(NFTA_RULE_COMPAT.rawValue) { compat in
      compat.attribute(NFTA_RULE_COMPAT_PROTO.rawValue, UInt32(xtables.number).bigEndian)
      let flags: UInt32 = xtables.isNegated ? 2 : 0  // NFT_RULE_COMPAT_F_INV
      compat.attribute(NFTA_RULE_COMPAT_FLAGS.rawValue, flags.bigEndian)
    }
  }
}

/// A rule as the kernel has it; nothing is decoded before it is asked for, because a dump may have thousands.
package struct StoredRule: Sendable {
  /// The kernel's number for the rule, which the table never uses again.
  package let handle: UInt64
  private let message: [UInt8]
  private let family: Table.Family
  private let tableName: Range<Int>
  private let chainName: Range<Int>
  private let expressionBytes: Range<Int>
  private let userData: Range<Int>

  package init?(_ reply: NetlinkReply) {
    let payload = reply.payload
    guard let family = payload.first.flatMap({ Table.Family(rawValue: $0) }) else { return nil }
    var (table, chain, expressions, userData) = (0..<0, 0..<0, 0..<0, 0..<0)
    var handle: UInt64?
    for attribute in AttributeList(payload.dropFirst(4)) {
      let range = attribute.value.startIndex..<attribute.value.endIndex
      switch attribute.type {
      case Int(NFTA_RULE_TABLE.rawValue): table = range
      case Int(NFTA_RULE_CHAIN.rawValue): chain = range
      case Int(NFTA_RULE_HANDLE.rawValue): handle = attribute.value.integer(UInt64.self, at: 0)?.bigEndian
      case Int(NFTA_RULE_EXPRESSIONS.rawValue): expressions = range
      case Int(NFTA_RULE_USERDATA.rawValue): userData = range
      default: break
      }
    }
    guard let handle, !table.isEmpty, !chain.isEmpty else { return nil }
    message = reply.bytes
    self.family = family
    self.handle = handle
    (tableName, chainName, expressionBytes, self.userData) = (table, chain, expressions, userData)
  }

  /// The attributes of the kernel's message about the rule.
  package var attributes: ArraySlice<UInt8> { message.dropFirst(NetlinkReply.headerLength + 4) }
  /// The bytes of its expressions (`NFTA_RULE_EXPRESSIONS`).
  package var encodedExpressions: ArraySlice<UInt8> { message[expressionBytes] }

  package var table: Table { Table(family, message[tableName].text) }
  package var chain: String { message[chainName].text }
  /// Nil if ``Expression`` lacks one of them.
  package var expressions: [Expression]? { Expression.decoded(encodedExpressions) }
  package var comment: Comment? { Comment(userData: message[userData]) }

  /// Whether the rule is in a chain of a table, or, without a chain, anywhere in the table.
  package func isIn(_ table: Table, chain: String? = nil) -> Bool {
    family == table.family && message.isText(table.name, at: tableName)
      && (chain.map { message.isText($0, at: chainName) } ?? true)
  }

  /// The message that removes the rule.
  package func deletion() -> NetlinkMessage { table.delete(rule: handle, from: chain) }
}

extension [UInt8] {
  /// Whether the bytes in this range are the text with a NUL behind it.
  fileprivate func isText(_ text: String, at range: Range<Int>) -> Bool {
    if range.count != text.utf8.count + 1 { return false }
    var index = range.lowerBound
    for byte in text.utf8 {
      if self[index] != byte { return false }
      index += 1
    }
    return self[index] == 0
  }
}
