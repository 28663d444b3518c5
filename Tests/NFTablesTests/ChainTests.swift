// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct ChainTests {
  private static let hooks: [Chain.Hook] = [
    .rawPrerouting, .natPrerouting, .natOutput, .natPostrouting, .beforeFilterForward, .afterFilterForward,
    Chain.Hook(type: "filter", number: 1, priority: 5, policy: 0),
  ]

  @Test("a base chain is read from its message as it was", arguments: hooks)
  func baseChain(hook: Chain.Hook) throws {
    var message = Chain(name: "c", hook: hook).message()
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(3).bigEndian)
    let stored = try #require(StoredChain(try message.received()))
    #expect(stored.name == "c")
    #expect(stored.use == 3)
    #expect(stored.hook == hook)
  }

  @Test("hooks have the kernel's numbers and priorities, and a chain lets pass what it does not decide")
  func golden() throws {
    let ours = Self.hooks.prefix(6)
    #expect(ours.map(\.type) == ["filter", "nat", "nat", "nat", "filter", "filter"])
    #expect(ours.map(\.number) == [0, 0, 3, 4, 2, 2])
    #expect(ours.map(\.priority) == [-300, -99, -99, 101, -1, 1])
    #expect(ours.allSatisfy { $0.policy == 1 })  // NF_ACCEPT
    let attributes = try Chain(name: "c", hook: .natOutput).message().attributes()
    #expect(attributes[Int(NFTA_CHAIN_POLICY.rawValue)] == [0, 0, 0, 1])
    #expect(attributes[Int(NFTA_CHAIN_TYPE.rawValue)]?.text == "nat")
    #expect(attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))[Int(NFTA_HOOK_PRIORITY.rawValue)] == [255, 255, 255, 157])
  }

  @Test("a chain without a hook has none")
  func plainChain() throws {
    var message = Chain(name: "c").message()
    #expect(StoredChain(try message.received()) == nil)
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(0).bigEndian)
    let stored = try #require(StoredChain(try message.received()))
    #expect(stored.hook == nil)
    #expect(stored.use == 0)
  }

  @Test("only the chain that is said to be is the administrator's, which the kernel is not told")
  func administrators() {
    #expect(PartTests.parts.flatMap(\.chains).filter(\.isAdministrators).map(\.name) == ["admin"])
    let message = Chain(name: "admin", isAdministrators: true).message()
    #expect(message.bytes(sequence: 0) == Chain(name: "admin").message().bytes(sequence: 0))
  }

  @Test("a chain of another table is not ours")
  func otherTable() throws {
    var message = NetlinkMessage(nft: NFT_MSG_NEWCHAIN)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: "filter")
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: "c")
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(3).bigEndian)
    #expect(StoredChain(try message.received()) == nil)
  }

  @Test("questions and deletions name table and chain")
  func others() throws {
    for (message, type) in [(Chain.get("c"), NFT_MSG_GETCHAIN), (Chain.delete("c"), NFT_MSG_DELCHAIN)] {
      let attributes = try message.attributes()
      #expect(attributes[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == "swift_cni")
      #expect(attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text == "c")
      #expect(message.bytes(sequence: 0)[4...5] == [UInt8(type.rawValue), 10])
    }
    #expect(Chain.list().bytes(sequence: 0)[4...7] == [4, 10, 1, 3])
    #expect(try Chain.list().attributes()[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == "swift_cni")
  }

  @Test("what can be changed of a chain that is there is no part of its place")
  func place() {
    #expect(Set(Self.hooks.map(\.place)).count == Self.hooks.count)
    let other = Chain.Hook(type: "nat", number: 3, priority: -99, policy: 0)
    #expect(other.place == Chain.Hook.natOutput.place)
    #expect(other != .natOutput)
  }
}
