// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Glibc
import Netlink

/// One attempt to change a table.
struct CompatSession {
  private let sockets: CompatSockets
  private let main: CompatSockets.Shared
  private let table: IPTable
  /// The number of the ruleset that all was read from.
  private let generation: UInt32

  /// Nil if the kernel has no nf_tables, and so no tables in it.
  static func open(_ table: IPTable, _ sockets: CompatSockets) throws(NetlinkError) -> CompatSession? {
    let action = "read the generation of the nftables ruleset"
    do throws(NetlinkError) {
      let main = try sockets.main()
      let reply = try main.socket.netlink.execute(NetlinkMessage(nfTables: NFT_MSG_GETGEN, family: 0), action)
      guard let number = reply.attributes(after: 4)[Int(NFTA_GEN_ID.rawValue)]?.integer(UInt32.self, at: 0) else {
        throw NetlinkError(action, number: EPROTO)
      }
      return CompatSession(sockets: sockets, main: main, table: table, generation: number.bigEndian)
    } catch {
      // No nfnetlink, or no subsystem nf_tables in it.
      if error.number == EPROTONOSUPPORT || error.number == EINVAL { return nil }
      throw error
    }
  }

  /// Whether there is a rule in one of the chains that iptables has by itself, or one of these drops what no rule decides.
  func isUsed() throws(NetlinkError) -> Bool {
    let chains = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].filter { BaseHook($0, table.name) != nil }
    return try states(of: chains).contains { $0.uses > 0 || $0.isDropping }
  }

  func states(of chains: [String]) throws(NetlinkError) -> [ChainState] {
    let requests = chains.map { chain in
      var look = message(NFT_MSG_GETCHAIN)
      look.attribute(NFTA_CHAIN_TABLE.rawValue, text: table.name.rawValue)
      look.attribute(NFTA_CHAIN_NAME.rawValue, text: chain)
      return look
    }
    let replies = try main.socket.netlink.executeAll(requests)
    for reply in replies {
      if let failure = reply.failure("look at the chains"), failure.number != ENOENT { throw failure }
    }
    return replies.compactMap { $0.errorNumber == nil ? ChainState($0) : nil }
  }

  func chains(withPrefix prefix: String) throws(NetlinkError) -> [String] {
    var list = message(NFT_MSG_GETCHAIN, NLM_F_DUMP)
    list.attribute(NFTA_CHAIN_TABLE.rawValue, text: table.name.rawValue)
    return try dump(list, "list the chains", handle: NFTA_CHAIN_HANDLE.rawValue).compactMap { reply in
      let attributes = reply.attributes(after: 4)
      // Old kernels list those of all tables.
      guard attributes[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == table.name.rawValue else { return nil }
      return attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text
    }.filter { $0.hasPrefix(prefix) }
  }

  func allRules(holding patterns: [[UInt8]]?) throws(NetlinkError) -> [(chain: String, rule: PlacedRule)] {
    var list = message(NFT_MSG_GETRULE, NLM_F_DUMP)
    list.attribute(NFTA_RULE_TABLE.rawValue, text: table.name.rawValue)
    return try dump(list, "list the rules", holding: patterns).compactMap { reply in
      let attributes = reply.attributes(after: 4)
      guard
        attributes[Int(NFTA_RULE_TABLE.rawValue)]?.text == table.name.rawValue,
        let chain = attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text,
        let rule = PlacedRule(reply, table, Array(chain.utf8) + [0])
      else { return nil }
      return (chain, rule)
    }
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(NetlinkError) -> [PlacedRule] {
    var list = message(NFT_MSG_GETRULE, NLM_F_DUMP)
    list.attribute(NFTA_RULE_TABLE.rawValue, text: table.name.rawValue)
    list.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
    let name = Array(chain.utf8) + [0]
    let action = "list the rules of the chain \(chain)"
    return try dump(list, action, holding: patterns) { reply in
      guard let isLast, let rule = PlacedRule(reply, table, name) else { return false }
      return isLast(rule)
    }.compactMap { PlacedRule($0, table, name) }
  }

  /// A dump of what stood there at one moment, also where somebody changes other tables so often that the kernel calls every dump
  /// interrupted. A dump misses a rule only if one that it has told already is removed meanwhile, and tells one twice only if one
  /// is added before it; handles are never used again. So the next dump has other handles, and two with the same have missed
  /// nothing. Nothing is read behind a part for which `isLast` holds, which is asked of each part once.
  private func dump(
    _ list: NetlinkMessage, _ action: String, holding patterns: [[UInt8]]? = nil,
    handle: UInt32 = NFTA_RULE_HANDLE.rawValue, until isLast: ((NetlinkReply) -> Bool)? = nil
  ) throws(NetlinkError) -> [NetlinkReply] {
    var isLast = isLast
    var former: [UInt64]?
    for _ in 0..<50 {
      // What is not read to its end is in the way of what a socket is asked next.
      let shared = isLast == nil ? main : try sockets.another()
      var handles: [UInt64] = []
      var parts: [NetlinkReply] = []
      var isFound = false
      let isInterrupted = try shared.socket.netlink.dumpOnce(
        list, action, holding: patterns, noting: handle, in: &handles
      ) { part in
        parts.append(part)
        isFound = isLast?(part) ?? false
        return !isFound
      }
      // What was found was there, whatever else has changed.
      if isFound || !isInterrupted || handles == former { return parts }
      former = handles
      isLast = nil
    }
    throw NetlinkError(action, number: EINTR)
  }

  /// The changes as messages, with the table and its own chains before them where they are missing.
  func messages(_ edit: inout TableEdit) throws(CNIError) -> [NetlinkMessage] {
    var made: [String] = []
    var list: [NetlinkMessage] = []
    for change in edit.changes {
      switch change {
      case .makeChain(let chain): list.append(chainMessage(chain))
      case .flush(let chain): list.append(ruleMessage(NFT_MSG_DELRULE, chain))
      case .removeChain(let chain): list += [ruleMessage(NFT_MSG_DELRULE, chain), removal(chain)]
      case .insert(let rule, let chain, let place):
        if let hook = BaseHook(chain, table.name), try !edit.has(chain), !made.contains(chain) {
          list.append(chainMessage(chain, hook))
          made.append(chain)
        }
        list.append(insertion(rule, chain, place))
      case .restore(let rule, let chain, let place): list.append(restoration(rule, chain, place))
      case .remove(let rule, let chain):
        var message = ruleMessage(NFT_MSG_DELRULE, chain)
        message.attribute(NFTA_RULE_HANDLE.rawValue, rule.handle.bigEndian)
        list.append(message)
      }
    }
    var first = message(NFT_MSG_NEWTABLE, NLM_F_CREATE)
    first.attribute(NFTA_TABLE_NAME.rawValue, text: table.name.rawValue)
    // Of a table that is there it changes nothing.
    return [first] + list
  }

  func commit(_ messages: [NetlinkMessage]) throws(NetlinkError) {
    try main.socket.commit(messages, generation: generation)
  }

  func rehearse(_ messages: [NetlinkMessage]) throws(NetlinkError) { try main.socket.rehearse(messages) }

  private func message(_ type: nf_tables_msg_types, _ flags: Int32 = 0) -> NetlinkMessage {
    NetlinkMessage(nfTables: type, flags: flags, family: table.family.number)
  }

  private func chainMessage(_ chain: String, _ hook: BaseHook? = nil) -> NetlinkMessage {
    var message = message(NFT_MSG_NEWCHAIN, hook == nil ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: table.name.rawValue)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: chain)
    guard let hook else { return message }
    message.nested(NFTA_CHAIN_HOOK.rawValue) { nested in
      nested.attribute(NFTA_HOOK_HOOKNUM.rawValue, hook.number.bigEndian)
      nested.attribute(NFTA_HOOK_PRIORITY.rawValue, hook.priority.bigEndian)
    }
    message.attribute(NFTA_CHAIN_POLICY.rawValue, UInt32(NF_ACCEPT).bigEndian)
    message.attribute(NFTA_CHAIN_TYPE.rawValue, text: table.name.rawValue)
    return message
  }

  private func removal(_ chain: String) -> NetlinkMessage {
    var message = message(NFT_MSG_DELCHAIN)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: table.name.rawValue)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: chain)
    return message
  }

  private func ruleMessage(_ type: nf_tables_msg_types, _ chain: String, _ flags: Int32 = 0) -> NetlinkMessage {
    var message = message(type, flags)
    message.attribute(NFTA_RULE_TABLE.rawValue, text: table.name.rawValue)
    message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
    return message
  }

  private func newRule(_ chain: String, _ place: TableEdit.Place) -> NetlinkMessage {
    var message = ruleMessage(NFT_MSG_NEWRULE, chain, place == .start ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_APPEND)
    if case .after(let other) = place { message.attribute(NFTA_RULE_POSITION.rawValue, other.handle.bigEndian) }
    return message
  }

  private func insertion(_ rule: IPTablesRule, _ chain: String, _ place: TableEdit.Place) -> NetlinkMessage {
    var message = newRule(chain, place)
    message.attribute(expressions: rule.expressions(table.family))
    message.attribute(compatWith: rule.transport?.value.number, isNegated: rule.transport?.isNegated ?? false)
    return message
  }

  /// Writes a rule as the kernel told of it.
  private func restoration(_ rule: KeptRule, _ chain: String, _ place: TableEdit.Place) -> NetlinkMessage {
    var message = newRule(chain, place)
    let attributes = Attributes(rule.bytes[...])
    let expressions = attributes[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? []
    message.attribute(NFTA_RULE_EXPRESSIONS.rawValue | UInt32(NLA_F_NESTED), Array(expressions))
    // Matches of x_tables ask for the protocol, of which the kernel tells only by what is compared.
    let transport = NFTExpression.transport(in: expressions)
    message.attribute(compatWith: transport?.number, isNegated: transport?.isNegated ?? false)
    if let comment = attributes[Int(NFTA_RULE_USERDATA.rawValue)] {
      message.attribute(NFTA_RULE_USERDATA.rawValue, Array(comment))
    }
    return message
  }
}

extension NetlinkMessage {
  /// Appends the protocol that x_tables takes a rule to be for.
  fileprivate mutating func attribute(compatWith number: UInt8?, isNegated: Bool) {
    nested(NFTA_RULE_COMPAT.rawValue) { compat in
      compat.attribute(NFTA_RULE_COMPAT_PROTO.rawValue, UInt32(number ?? 0).bigEndian)
      let flags: UInt32 = isNegated ? 2 : 0  // NFT_RULE_COMPAT_F_INV
      compat.attribute(NFTA_RULE_COMPAT_FLAGS.rawValue, flags.bigEndian)
    }
  }
}

/// Where a chain that iptables has by itself is hooked in, as iptables-nft makes it.
struct BaseHook: Equatable {
  /// `NF_INET_…` (linux/netfilter.h)
  let number: UInt32
  let priority: Int32

  init?(_ chain: String, _ table: IPTable.Name) {
    switch (table, chain) {
    case (.nat, "PREROUTING"): (number, priority) = (0, -100)
    case (.nat, "INPUT"): (number, priority) = (1, 100)
    case (.nat, "OUTPUT"): (number, priority) = (3, -100)
    case (.nat, "POSTROUTING"): (number, priority) = (4, 100)
    case (.filter, "INPUT"): (number, priority) = (1, 0)
    case (.filter, "FORWARD"): (number, priority) = (2, 0)
    case (.filter, "OUTPUT"): (number, priority) = (3, 0)
    default: return nil
    }
  }
}

extension ChainState {
  fileprivate init?(_ reply: NetlinkReply) {
    let attributes = reply.attributes(after: 4)
    func word(_ type: UInt32) -> UInt32? { attributes[Int(type)]?.integer(UInt32.self, at: 0)?.bigEndian }
    guard let name = attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text else { return nil }
    self.init(
      name: name, uses: word(NFTA_CHAIN_USE.rawValue).map(Int.init) ?? 0,
      isDropping: word(NFTA_CHAIN_POLICY.rawValue) == UInt32(NF_DROP))
  }
}

extension PlacedRule {
  /// Reads a rule of a dump; nil for one of another chain, as old kernels list them all.
  fileprivate init?(_ reply: NetlinkReply, _ table: IPTable, _ chain: [UInt8]) {
    var handle: UInt64?
    var bytes: ArraySlice<UInt8> = []
    var isOfChain = false
    for attribute in AttributeList(reply.payload.dropFirst(4)) {
      switch attribute.type {
      case Int(NFTA_RULE_CHAIN.rawValue): isOfChain = attribute.value.elementsEqual(chain)
      case Int(NFTA_RULE_HANDLE.rawValue): handle = attribute.value.integer(UInt64.self, at: 0)?.bigEndian
      case Int(NFTA_RULE_EXPRESSIONS.rawValue): bytes = attribute.value
      default: break
      }
    }
    guard isOfChain, let handle else { return nil }
    let expressions = bytes
    self.init(
      rule: NFTExpression.decoded(expressions).flatMap { IPTablesRule($0, table.family) },
      jump: NFTExpression.jump(in: bytes), handle: handle, canDrop: NFTExpression.canDrop(in: expressions),
      bytes: Array(reply.payload.dropFirst(4)))
  }
}
