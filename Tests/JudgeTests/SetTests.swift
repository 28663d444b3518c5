// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("sets and maps of nf_tables, as libnftnl reads and writes them")
struct SetTests {
  /// All sets that are the same on every host, those of branches, and one of every type alone.
  static let sets: [NamedSet] =
    [Feature.ports, .firewall].flatMap { feature in feature.sets + feature.samples().flatMap(\.sets) }
    + types.map { NamedSet("s", key: [$0]) } + [NamedSet("i", key: [.ipv6Address], isInterval: true)]

  private static let types: [DataType] = [
    .ipv4Address, .ipv6Address, .internetProtocol, .internetService, .interfaceName,
  ]

  /// The number and the length of nft's types (nftables, include/datatype.h), written out once more.
  private static func type(_ type: DataType) -> (number: UInt32, length: UInt32) {
    switch type {
    case .ipv4Address: (7, 4)
    case .ipv6Address: (8, 16)
    case .internetProtocol: (12, 1)
    case .internetService: (13, 2)
    case .interfaceName: (41, 16)
    }
  }

  /// A type of six bits a feature, and a length in which each of several parts is padded to four bytes.
  private static func concatenated(_ parts: [DataType]) -> (number: UInt32, length: UInt32) {
    guard parts.count > 1 else { return type(parts[0]) }
    var (number, length) = (0, 0) as (UInt32, UInt32)
    for feature in parts.map({ type($0) }) {
      number = number * 64 + feature.number
      length += (feature.length + 3) / 4 * 4
    }
    return (number, length)
  }

  private static func named(_ name: String?) -> Fields {
    var fields: Fields = [NFTNL_SET_FAMILY.number: .number(1), NFTNL_SET_TABLE.number: .text("swift_cni")]
    if let name { fields[NFTNL_SET_NAME.number] = .text(name) }
    return fields
  }

  private static func fields(_ set: NamedSet) -> Fields {
    let key = concatenated(set.key)
    var fields = named(set.name)
    // NFT_SET_INTERVAL, NFT_SET_TIMEOUT, NFT_SET_MAP
    fields[NFTNL_SET_FLAGS.number] = .number((set.isInterval ? 4 : 16) | (set.data.isEmpty ? 0 : 8))
    fields[NFTNL_SET_KEY_TYPE.number] = .number(key.number)
    fields[NFTNL_SET_KEY_LEN.number] = .number(key.length)
    fields[NFTNL_SET_ID.number] = .number(1)
    if !set.data.isEmpty {
      let data = concatenated(set.data)
      fields[NFTNL_SET_DATA_TYPE.number] = .number(data.number)
      fields[NFTNL_SET_DATA_LEN.number] = .number(data.length)
    }
    return fields
  }

  @Test("libnftnl reads each of our sets and maps, with its types, lengths and flags", arguments: sets.indices)
  func read(index: Int) throws {
    let set = Self.sets[index]
    #expect(differences(try LibraryObject.reading(.set, Table.own.create(set)).fields, Self.fields(set)) == [])
  }

  @Test("libnftnl reads what asks for a set or for all, and what deletes one")
  func named() throws {
    #expect(differences(try LibraryObject.reading(.set, Table.own.get(set: "s")).fields, Self.named("s")) == [])
    #expect(differences(try LibraryObject.reading(.set, Table.own.delete(set: "s")).fields, Self.named("s")) == [])
    #expect(differences(try LibraryObject.reading(.set, Table.own.listSets()).fields, Self.named(nil)) == [])
  }

  @Test("we read the name of each from what libnftnl builds", arguments: sets.indices)
  func decoded(index: Int) throws {
    let set = Self.sets[index]
    #expect(Table.own.setName(try LibraryObject.make(.set, Self.fields(set)).built(NFT_MSG_NEWSET)) == set.name)
  }
}
