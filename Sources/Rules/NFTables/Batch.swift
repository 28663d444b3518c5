// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import OS

extension NetlinkMessage {
  /// A message of nf_tables about an object of a family.
  package init(nfTables type: nf_tables_msg_types, flags: Int32 = 0, family: UInt8) {
    self.init(nfnetlink: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags: flags, family: family)
  }

  /// The first message of a batch; with a generation the kernel refuses the batch with `ERESTART` if its rules are no
  /// longer that one.
  package static func batchBegin(generation: UInt32?) -> NetlinkMessage {
    var message = batchMark(UInt16(NFNL_MSG_BATCH_BEGIN))
    if let generation { message.attribute(NFNL_BATCH_GENID.rawValue, generation.bigEndian) }
    return message
  }

  /// The last message of a batch; without it the kernel checks the batch and changes nothing.
  package static func batchEnd() -> NetlinkMessage { batchMark(UInt16(NFNL_MSG_BATCH_END)) }

  private static func batchMark(_ type: UInt16) -> NetlinkMessage {
    // The resource says which subsystem the batch is for.
    NetlinkMessage(nfnetlink: type, flags: 0, family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES))
  }
}

extension NetlinkMessage {
  /// Whether the message removes an object from the ruleset.
  var deletes: Bool {
    let deletions = [NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE, NFT_MSG_DELSET, NFT_MSG_DELSETELEM]
    return deletions.contains { type == UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16($0.rawValue) }
  }
}

extension NetfilterSocket {
  /// Sends messages of nf_tables as one batch, which is made whole or not at all; with a generation, only if the ruleset still
  /// has it. Each message is logged at debug as a command of nft, for which `set` returns a set by its name.
  package func commit(
    _ messages: [NetlinkMessage], generation: UInt32? = nil, naming set: (String) -> NamedSet? = { _ in nil }
  ) throws(NetlinkError) {
    do throws(NetlinkError) {
      try send(messages, [.batchBegin(generation: generation)], [.batchEnd()])
    } catch {
      tell(messages, set, error)
      throw error
    }
    if messages.contains(where: \.deletes) { NetlinkSocket.recordDeletion() }
    tell(messages, set, nil)
  }

  /// Lets the kernel check messages as a batch, and changes nothing.
  package func rehearse(_ messages: [NetlinkMessage]) throws(NetlinkError) {
    try send(messages, [.batchBegin(generation: nil)], [])
  }

  private func tell(_ messages: [NetlinkMessage], _ set: (String) -> NamedSet?, _ failure: NetlinkError?) {
    guard ChangeTrace.isOn else { return }
    for message in messages {
      var command = ShellCommand("nft")
      command.add(message.nftCommand(set))
      netlink.tell(command.text, failure)
    }
  }

  private func send(
    _ messages: [NetlinkMessage], _ begin: [NetlinkMessage], _ end: [NetlinkMessage]
  ) throws(NetlinkError) {
    var all = begin + messages + end
    // The kernel replies to messages that fail and to those that request an acknowledgement: here only the last one.
    all[begin.count + messages.count - 1].requestAcknowledgement()
    let action = "change the nftables ruleset"
    for reply in try netlink.executeBatch(all, action) {
      if let failure = reply.failure(action) { throw failure }
    }
  }
}
