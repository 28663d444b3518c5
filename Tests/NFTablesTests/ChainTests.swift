// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct ChainTests {
  private static let hooks: [Chain.Hook] = [
    Chain.Hook(type: "filter", number: 0, priority: -300), Chain.Hook(type: "nat", number: 3, priority: -99),
    Chain.Hook(type: "filter", number: 1, priority: 5, policy: .drop),
  ]

  @Test("a base chain is read from its message as it was", arguments: hooks)
  func baseChain(hook: Chain.Hook) throws {
    var message = table.create(Chain("c", hook: hook))
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(3).bigEndian)
    let stored = try #require(StoredChain(try message.received()))
    #expect(stored.name == "c")
    #expect(stored.use == 3)
    #expect(stored.hook == hook)
  }

  @Test("a hook has the kernel's form, and a chain lets pass what it does not decide")
  func golden() throws {
    let attributes = try table.create(Chain("c", hook: Self.hooks[1])).attributes()
    #expect(attributes[Int(NFTA_CHAIN_POLICY.rawValue)] == [0, 0, 0, 1])
    #expect(attributes[Int(NFTA_CHAIN_TYPE.rawValue)]?.text == "nat")
    #expect(attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))[Int(NFTA_HOOK_PRIORITY.rawValue)] == [255, 255, 255, 157])
  }

  @Test("a chain without a hook has none")
  func plainChain() throws {
    var message = table.create(Chain("c"))
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(0).bigEndian)
    let stored = try #require(StoredChain(try message.received()))
    #expect(stored.hook == nil)
    #expect(stored.use == 0)
  }

  @Test("a chain is read with the table that it is of")
  func tables() throws {
    for other in [Table(.ip, "filter"), Table(.bridge, "swift_cni")] {
      #expect(StoredChain(try other.create(Chain("c")).received())?.table == other)
    }
  }

  @Test("a chain that must not be there is said to be new")
  func exclusively() {
    #expect(table.create(Chain("c"), exclusively: true).bytes(sequence: 0)[6...7] == [1, 6])
    #expect(table.create(Chain("c")).bytes(sequence: 0)[6...7] == [1, 4])
  }

  @Test("questions and deletions name table and chain")
  func others() throws {
    for (message, type) in [(table.get(chain: "c"), NFT_MSG_GETCHAIN), (table.delete(chain: "c"), NFT_MSG_DELCHAIN)] {
      let attributes = try message.attributes()
      #expect(attributes[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == "swift_cni")
      #expect(attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text == "c")
      #expect(message.bytes(sequence: 0)[4...5] == [UInt8(type.rawValue), 10])
    }
    #expect(table.listChains().bytes(sequence: 0)[4...7] == [4, 10, 1, 3])
    #expect(try table.listChains().attributes()[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == "swift_cni")
  }

  @Test("the policy alone can be changed of a hook")
  func place() {
    let hook = Chain.Hook(type: "nat", number: 3, priority: -99)
    #expect(Chain.Hook(type: "nat", number: 3, priority: -99, policy: .drop).isSamePlace(as: hook))
    for other in [
      Chain.Hook(type: "filter", number: 3, priority: -99), Chain.Hook(type: "nat", number: 0, priority: -99),
      Chain.Hook(type: "nat", number: 3, priority: -100),
    ] { #expect(!other.isSamePlace(as: hook)) }
  }
}
