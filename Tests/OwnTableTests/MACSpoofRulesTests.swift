// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Netlink
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct MACSpoofRulesTests {
  private static let owner = AttachmentID(containerID: "cid1", interface: "eth0")
  private let rules = MACSpoofRules(of: owner)

  @Test("chains and comments have upstream's names")
  func names() throws {
    let address = try #require(MACAddress("0a:b1:67:86:e2:36"))
    #expect(rules.portChain == "cni-br-iface-cid1-eth0")
    #expect(rules.addressChain == "cni-br-iface-cid1-eth0-mac")
    let all = rules.portRules + rules.addressRules(address) + [rules.entry("veth1")]
    #expect(all.allSatisfy { $0.comment == "macspoofchk-cid1-eth0" })
    #expect(all.map(\.jump) == ["cni-br-iface-cid1-eth0-mac", nil, nil, "cni-br-iface-cid1-eth0"])
    for rule in all { #expect(try rule.reread() == rule.expressions) }
    #expect(rules.addressRules(address)[0].expressions[1] == .compare([0x0a, 0xb1, 0x67, 0x86, 0xe2, 0x36]))
  }

  @Test("a chain's name is read as that of every owner whose it may be, and no other name is")
  func owners() {
    func owners(_ name: String) -> [String] {
      MACSpoofRules.owners(ofChain: name).map { "\($0.containerID) \($0.interface)" }
    }
    #expect(owners(rules.portChain) == ["cid1 eth0"])
    #expect(owners("cni-br-iface-a-b-c") == ["a b-c", "a-b c"])
    for name in ["cni-br-iface-", "cni-br-iface-cid1", "cni-br-iface-a-", "cni-br-iface--b", "other-a-b"] {
      #expect(owners(name) == [])
    }
  }

  @Test("a comment is not longer than nft can read")
  func long() {
    let id = String(repeating: "c", count: 200)
    let rules = MACSpoofRules(of: AttachmentID(containerID: id, interface: "eth0"))
    #expect(rules.portRules[0].comment?.utf8.count == Comment.limit)
    #expect(rules.portChain.hasSuffix("c-eth0"))
  }
}
