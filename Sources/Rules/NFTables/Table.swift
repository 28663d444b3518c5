// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A table of nf_tables, which makes the requests about its objects: `table.create(chain)`, as nft says `create chain inet
/// swift_cni guard`.
package struct Table: Hashable, Sendable {
  /// A family of tables: the packets that their chains see, `NFPROTO_…` (linux/netfilter.h).
  package enum Family: UInt8, Sendable {
    case inet = 1
    case ip = 2
    case arp = 3
    case netdev = 5
    case bridge = 7
    case ip6 = 10
  }

  package let family: Family
  package let name: String

  package init(_ family: Family, _ name: String) {
    self.family = family
    self.name = name
  }

  /// A message about an object of the table, with the table's name as the attribute of this type.
  func message(
    _ type: nf_tables_msg_types, _ flags: Int32 = 0, table attribute: some BinaryInteger
  ) -> NetlinkMessage {
    var message = NetlinkMessage(nfTables: type, flags: flags, family: family.rawValue)
    message.attribute(attribute, text: name)
    return message
  }

  /// Makes the table unless it is there, and wakes it if it is dormant.
  package func create() -> NetlinkMessage {
    var message = message(NFT_MSG_NEWTABLE, NLM_F_CREATE, table: NFTA_TABLE_NAME.rawValue)
    message.attribute(NFTA_TABLE_FLAGS.rawValue, UInt32(0))
    return message
  }

  /// Makes the table unless it is there; does not change a present one.
  package func ensure() -> NetlinkMessage {
    message(NFT_MSG_NEWTABLE, NLM_F_CREATE, table: NFTA_TABLE_NAME.rawValue)
  }

  /// Asks for the table.
  package func get() -> NetlinkMessage { message(NFT_MSG_GETTABLE, table: NFTA_TABLE_NAME.rawValue) }

  /// Whether the table in a reply is dormant: its chains see no packet.
  package static func isDormant(_ reply: NetlinkReply) -> Bool {
    let flags = reply.nfAttributes.word(NFTA_TABLE_FLAGS.rawValue) ?? 0
    return flags & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0
  }
}

extension Table: CustomStringConvertible {
  package var description: String { "\(family) \(name)" }
}

extension NetlinkReply {
  /// The attributes behind the header of nfnetlink.
  package var nfAttributes: Attributes { attributes(after: 4) }

  /// The table that a message is about, whose name is the attribute of this type; nil for a family that is unknown.
  func table(_ attribute: some BinaryInteger, _ attributes: Attributes) -> Table? {
    guard
      let family = payload.first.flatMap({ Table.Family(rawValue: $0) }), let name = attributes[Int(attribute)]?.text
    else { return nil }
    return Table(family, name)
  }
}

extension Attributes {
  /// An attribute of 32 bits in network byte order, as all of nf_tables are.
  package func word(_ type: UInt32) -> UInt32? { self[Int(type)]?.integer(UInt32.self, at: 0)?.bigEndian }
}
