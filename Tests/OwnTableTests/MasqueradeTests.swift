// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Netlink
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct MasqueradeTests {
  @Test("an address is an element with its subnet, in the set of the prefix's length")
  func elements() throws {
    let sources = ["10.22.0.5/16", "10.23.0.5/16", "fd00:22::5/64", "10.22.0.5/16"].map { Prefix($0) }.compactMap { $0 }
    let wanted = AttachmentElements(masquerading: sources, of: Sample.owner)
    #expect(wanted.elements.map(\.id.set) == ["ipmasq4_16", "ipmasq4_16", "ipmasq6_64", "ipmasq_attachments"])
    #expect(wanted.elements[0].id.key == [10, 22, 0, 5, 10, 22, 0, 0])
    #expect(wanted.elements[0].comment?.text == "net/id/eth0")
    #expect(wanted.elements.last?.comment?.text == "net/id/eth0 3")
    #expect(wanted.onDemand.map(\.name) == ["ipmasq4_16", "ipmasq6_64"])
    #expect(wanted.elements.map { $0.masqueraded?.description } == ["10.22.0.5", "10.23.0.5", "fd00:22::5", nil])
    #expect(wanted.elements[0].title(in: .masquerade) == "the masquerading of 10.22.0.5")
    #expect(wanted.elements[2].subject == "fd00:22::5")
  }

  @Test("the name of a chain says family and length", arguments: AddressFamily.allCases)
  func names(family: AddressFamily) throws {
    for length in 0...family.bits {
      let read = try #require(OnDemandChain.ipmasqSubnets(named: OnDemandChain.ipmasqName(family, length)))
      #expect(read == (family, length))
    }
  }

  @Test(
    "other names are none",
    arguments: [
      "", "ipmasq", "ipmasq4_", "ipmasq4_33", "ipmasq6_129", "ipmasq4_-1", "ipmasq4_016", "ipmasq5_1", "ipmasq_sources",
    ])
  func otherNames(name: String) { #expect(OnDemandChain.ipmasq(named: name) == nil) }

  @Test("the rules of a length are the same after they went over the wire; only one masquerades, behind the subnet's")
  func rules() throws {
    for (family, length) in [(AddressFamily.ip, 16), (.ip, 32), (.ip, 0), (.ip6, 64), (.ip6, 128)] {
      let chain = OnDemandChain.ipmasq(family, length)
      for rule in chain.rules + chain.jumps { #expect(try rule.reread() == rule.expressions) }
      #expect(chain.rules.map { $0.expressions.last } == [.return, .masqueradeKeepingPort])
      #expect(chain.rules[0].expressions.contains { $0.kind == "bitwise" } == (length != family.bits))
      #expect(chain.jumps.map(\.jump) == [chain.name])
    }
  }

  @Test("multicast returns before anything is masqueraded")
  func multicast() {
    let base = Feature.masquerade.rules.filter { $0.chain == "ipmasq" }
    #expect(base.map { $0.expressions.last } == [.return, .return, .jump("ipmasq_sources")])
    #expect(base[0].expressions.contains(.compare([224, 0, 0, 0])))
    #expect(base[1].expressions.contains(.compare([255])))
  }

  @Test("upstream's comments begin with the network's hash and that of interface and container")
  func upstream() {
    let owner = CNI.Attachment(network: "dbnet", containerID: "cid1", interface: "eth0")
    #expect(UpstreamMasquerade.prefix(of: owner) == "77fa157b4f32b23b-0b65a318f52e521b")
    let isOwned = Feature.masquerade.isUpstreamComment(owner)
    #expect(isOwned("77fa157b4f32b23b-0b65a318f52e521b, net: dbnet, if: eth0, id: cid1"))
    #expect(!isOwned("77fa157b4f32b23b-0b65a318f52e521c, net: dbnet, if: eth0, id: cid1"))
    #expect(!isOwned("cid1"))
  }
}
