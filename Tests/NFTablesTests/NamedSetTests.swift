// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct NamedSetTests {
  private static let map = NamedSet(
    "hostip_hostports6", key: [.ipv6Address, .internetProtocol, .internetService],
    data: [.ipv6Address, .internetService])

  private static func number(_ attributes: Attributes, _ type: nft_set_attributes) -> UInt32? {
    attributes[Int(type.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
  }

  @Test("a map of concatenations has nft's types and the lengths of their parts")
  func map() throws {
    let attributes = try table.create(Self.map).attributes()
    #expect(attributes[Int(NFTA_SET_NAME.rawValue)]?.text == "hostip_hostports6")
    // NFT_SET_MAP | NFT_SET_TIMEOUT
    #expect(Self.number(attributes, NFTA_SET_FLAGS) == 0x18)
    #expect(Self.number(attributes, NFTA_SET_KEY_TYPE) == 0x830d)  // 8, 12, 13 in six bits each
    #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == 24)
    #expect(Self.number(attributes, NFTA_SET_DATA_TYPE) == 0x20d)
    #expect(Self.number(attributes, NFTA_SET_DATA_LEN) == 20)
  }

  @Test("a set has no data, and elements of intervals do not expire")
  func set() throws {
    let attributes = try table.create(NamedSet("s", key: [.ipv4Address], isInterval: true)).attributes()
    #expect(Self.number(attributes, NFTA_SET_FLAGS) == 4)  // NFT_SET_INTERVAL
    #expect(Self.number(attributes, NFTA_SET_KEY_TYPE) == 7)
    #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == 4)
    #expect(Self.number(attributes, NFTA_SET_DATA_TYPE) == nil)
    #expect(Self.number(attributes, NFTA_SET_DATA_LEN) == nil)
  }

  @Test(
    "a part alone has its own length, one of several is padded",
    arguments: [
      ([.internetProtocol], 1), ([.internetService], 2), ([.ipv4Address], 4), ([.ipv6Address], 16),
      ([.interfaceName], 16), ([.internetProtocol, .internetService], 8), ([.internetService, .ipv6Address], 20),
    ] as [([DataType], UInt32)])
  func keyLength(key: [DataType], length: UInt32) throws {
    #expect(Self.number(try table.create(NamedSet("s", key: key)).attributes(), NFTA_SET_KEY_LEN) == length)
  }

  @Test("the name of a set of ours is read, of another table's not")
  func read() throws {
    #expect(table.setName(try table.create(Self.map).received()) == "hostip_hostports6")
    #expect(table.setName(try table.delete(set: "x").received()) == "x")
    var other = NetlinkMessage(nfTables: NFT_MSG_NEWSET, family: 1)
    other.attribute(NFTA_SET_TABLE.rawValue, text: "filter")
    other.attribute(NFTA_SET_NAME.rawValue, text: "x")
    #expect(table.setName(try other.received()) == nil)
    #expect(table.listSets().bytes(sequence: 0)[4...7] == [10, 10, 1, 3])
  }

  @Test("a question and a deletion name table and set")
  func about() throws {
    for (message, type) in [(table.get(set: "x"), NFT_MSG_GETSET), (table.delete(set: "x"), NFT_MSG_DELSET)] {
      let attributes = try message.attributes()
      #expect(attributes[Int(NFTA_SET_TABLE.rawValue)]?.text == "swift_cni")
      #expect(attributes[Int(NFTA_SET_NAME.rawValue)]?.text == "x")
      #expect(message.bytes(sequence: 0)[4...7] == [UInt8(type.rawValue), 10, 1, 0])
    }
  }
}
