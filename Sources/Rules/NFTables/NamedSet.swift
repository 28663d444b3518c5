// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// One part of a set's key or data, as nft names and numbers it (nftables, include/datatype.h).
package enum DataType: UInt32, Sendable {
  case ipv4Address = 7
  case ipv6Address = 8
  case internetProtocol = 12
  case internetService = 13
  case interfaceName = 41

  package static func address(_ family: AddressFamily) -> DataType { family == .ip ? .ipv4Address : .ipv6Address }

  /// In bytes.
  package var length: Int {
    switch self {
    case .internetProtocol: 1
    case .internetService: 2
    case .ipv4Address: 4
    case .ipv6Address, .interfaceName: 16
    }
  }
}

/// A named set, or a map if it has data.
package struct NamedSet: Sendable {
  package let name: String
  package let key: [DataType]
  package let data: [DataType]
  /// Whether the elements are the ends of intervals.
  package let isInterval: Bool

  package init(_ name: String, key: [DataType], data: [DataType] = [], isInterval: Bool = false) {
    self.name = name
    self.key = key
    self.data = data
    self.isInterval = isInterval
  }

  /// The type number of a concatenation: six bits for each part (nftables, TYPE_BITS).
  fileprivate static func type(_ parts: [DataType]) -> UInt32 { parts.reduce(0) { $0 << 6 | $1.rawValue } }

  /// The length in bytes; each of several parts is padded to a multiple of four.
  fileprivate static func length(_ parts: [DataType]) -> UInt32 {
    UInt32(parts.count == 1 ? parts[0].length : parts.reduce(0) { $0 + ($1.length + 3) / 4 * 4 })
  }
}

extension Table {
  /// Makes a set unless it is there.
  package func create(_ set: NamedSet) -> NetlinkMessage {
    var message = setMessage(NFT_MSG_NEWSET, NLM_F_CREATE, set.name)
    // Sets have timeouts, because elements without one can only be deleted, which costs an RCU grace period; sets of intervals
    // cannot have them on all kernels.
    let flags = set.isInterval ? NFT_SET_INTERVAL : NFT_SET_TIMEOUT
    let map = set.data.isEmpty ? 0 : NFT_SET_MAP.rawValue
    message.attribute(NFTA_SET_FLAGS.rawValue, (flags.rawValue | map).bigEndian)
    message.attribute(NFTA_SET_KEY_TYPE.rawValue, NamedSet.type(set.key).bigEndian)
    message.attribute(NFTA_SET_KEY_LEN.rawValue, NamedSet.length(set.key).bigEndian)
    if !set.data.isEmpty {
      message.attribute(NFTA_SET_DATA_TYPE.rawValue, NamedSet.type(set.data).bigEndian)
      message.attribute(NFTA_SET_DATA_LEN.rawValue, NamedSet.length(set.data).bigEndian)
    }
    // The kernel demands an ID for the batch; elements find the set by its name all the same.
    message.attribute(NFTA_SET_ID.rawValue, UInt32(1).bigEndian)
    return message
  }

  package func delete(set name: String) -> NetlinkMessage { setMessage(NFT_MSG_DELSET, 0, name) }

  /// Asks whether there is a set.
  package func get(set name: String) -> NetlinkMessage { setMessage(NFT_MSG_GETSET, 0, name) }

  /// Asks for a dump of the table's sets.
  package func listSets() -> NetlinkMessage { message(NFT_MSG_GETSET, NLM_F_DUMP, table: NFTA_SET_TABLE.rawValue) }

  /// The name of a set in a reply; nil if it is of another table.
  package func setName(_ reply: NetlinkReply) -> String? {
    let attributes = reply.nfAttributes
    return reply.table(NFTA_SET_TABLE.rawValue, attributes) == self
      ? attributes[Int(NFTA_SET_NAME.rawValue)]?.text : nil
  }

  private func setMessage(_ type: nf_tables_msg_types, _ flags: Int32, _ name: String) -> NetlinkMessage {
    var message = message(type, flags, table: NFTA_SET_TABLE.rawValue)
    message.attribute(NFTA_SET_NAME.rawValue, text: name)
    return message
  }
}
