// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("chains of nf_tables, as libnftnl reads and writes them")
struct ChainTests {
  private static func fields(_ chain: Chain) -> Fields {
    var fields: Fields = [
      NFTNL_CHAIN_FAMILY.number: .number(1), NFTNL_CHAIN_TABLE.number: .text("swift_cni"),
      NFTNL_CHAIN_NAME.number: .text(chain.name),
    ]
    if let hook = chain.hook {
      fields[NFTNL_CHAIN_HOOKNUM.number] = .number(hook.number)
      fields[NFTNL_CHAIN_PRIO.number] = .number(UInt32(bitPattern: hook.priority))
      fields[NFTNL_CHAIN_TYPE.number] = .text(hook.type)
      fields[NFTNL_CHAIN_POLICY.number] = .number(hook.policy.rawValue)
    }
    return fields
  }

  static let chains = (Feature.portsChains + Feature.firewallChains).map(\.name) + ["drops"]

  static func chain(_ name: String) throws -> Chain {
    let place = Chain.Hook.afterFilterForward
    let dropping = Chain.Hook(type: place.type, number: place.number, priority: place.priority, policy: .drop)
    let all = Feature.portsChains + Feature.firewallChains + [Chain("drops", hook: dropping)]
    return try #require(all.first { $0.name == name })
  }

  @Test("libnftnl reads each of our chains, with its hook, priority, type and policy", arguments: chains)
  func read(name: String) throws {
    let chain = try Self.chain(name)
    #expect(differences(try LibraryObject.reading(.chain, Table.own.create(chain)).fields, Self.fields(chain)) == [])
  }

  @Test("libnftnl reads what asks for a chain or for all, and what deletes one")
  func named() throws {
    let one = Self.fields(Chain("c"))
    #expect(differences(try LibraryObject.reading(.chain, Table.own.get(chain: "c")).fields, one) == [])
    #expect(differences(try LibraryObject.reading(.chain, Table.own.delete(chain: "c")).fields, one) == [])
    let all: Fields = [NFTNL_CHAIN_FAMILY.number: .number(1), NFTNL_CHAIN_TABLE.number: .text("swift_cni")]
    #expect(differences(try LibraryObject.reading(.chain, Table.own.listChains()).fields, all) == [])
  }

  @Test("we read each of our chains from what libnftnl builds", arguments: chains)
  func decoded(name: String) throws {
    let chain = try Self.chain(name)
    // How often a chain is used the kernel tells, and libnftnl writes no such attribute.
    let bytes = try LibraryObject.make(.chain, Self.fields(chain)).bytes(NFT_MSG_NEWCHAIN)
    var message = NetlinkMessage(nfTables: NFT_MSG_NEWCHAIN, family: 1)
    message.append(bytes: Array(bytes.dropFirst(20)))
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(7).bigEndian)
    let stored = try #require(StoredChain(try message.received()))
    #expect(stored.name == chain.name)
    #expect(stored.hook == chain.hook)
    #expect(stored.use == 7)
  }
}
