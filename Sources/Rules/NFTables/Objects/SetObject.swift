// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// One part of a set's key or data, as nft names and numbers it (nftables, include/datatype.h).
enum DataType: UInt32, Sendable {
  case ipv4Address = 7
  case ipv6Address = 8
  case internetProtocol = 12
  case internetService = 13
  case interfaceName = 41

  static func address(_ family: AddressFamily) -> DataType { family == .ip ? .ipv4Address : .ipv6Address }

  /// In bytes.
  var length: Int {
    switch self {
    case .internetProtocol: 1
    case .internetService: 2
    case .ipv4Address: 4
    case .ipv6Address, .interfaceName: 16
    }
  }
}

/// A named set, or a map if it has data.
struct SetObject: Sendable {
  let name: String
  let key: [DataType]
  var data: [DataType] = []
  /// Whether the elements are the ends of intervals.
  var isInterval = false

  func message() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_NEWSET, flags: NLM_F_CREATE)
    message.attribute(NFTA_SET_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_SET_NAME.rawValue, text: name)
    // Elements of a set without timeouts can only be deleted, which costs an RCU grace period; intervals cannot have
    // them everywhere.
    let flags = isInterval ? NFT_SET_INTERVAL : NFT_SET_TIMEOUT
    let map = data.isEmpty ? 0 : NFT_SET_MAP.rawValue
    message.attribute(NFTA_SET_FLAGS.rawValue, (flags.rawValue | map).bigEndian)
    message.attribute(NFTA_SET_KEY_TYPE.rawValue, Self.type(key).bigEndian)
    message.attribute(NFTA_SET_KEY_LEN.rawValue, Self.length(key).bigEndian)
    if !data.isEmpty {
      message.attribute(NFTA_SET_DATA_TYPE.rawValue, Self.type(data).bigEndian)
      message.attribute(NFTA_SET_DATA_LEN.rawValue, Self.length(data).bigEndian)
    }
    // Names the set within the batch; by name it is found as well.
    message.attribute(NFTA_SET_ID.rawValue, UInt32(1).bigEndian)
    return message
  }

  static func delete(_ name: String) -> NetlinkMessage { message(NFT_MSG_DELSET, about: name) }

  /// Asks whether there is a set.
  static func get(_ name: String) -> NetlinkMessage { message(NFT_MSG_GETSET, about: name) }

  private static func message(_ type: nf_tables_msg_types, about name: String) -> NetlinkMessage {
    var message = NetlinkMessage(nft: type)
    message.attribute(NFTA_SET_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_SET_NAME.rawValue, text: name)
    return message
  }

  /// Asks for a dump of all sets of our table.
  static func list() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETSET, flags: NLM_F_DUMP)
    message.attribute(NFTA_SET_TABLE.rawValue, text: Table.name)
    return message
  }

  /// The name of a set that was read.
  static func read(_ reply: NetlinkReply) -> String? {
    let attributes = reply.attributes(after: 4)
    guard attributes[Int(NFTA_SET_TABLE.rawValue)]?.text == Table.name else { return nil }
    return attributes[Int(NFTA_SET_NAME.rawValue)]?.text
  }

  /// A concatenation's number: six bits a part (nftables, TYPE_BITS).
  private static func type(_ parts: [DataType]) -> UInt32 { parts.reduce(0) { $0 << 6 | $1.rawValue } }

  /// One of several parts begins at a multiple of four.
  private static func length(_ parts: [DataType]) -> UInt32 {
    UInt32(parts.count == 1 ? parts[0].length : parts.reduce(0) { $0 + ($1.length + 3) / 4 * 4 })
  }
}
