// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Testing

@testable import Bandwidth
@testable import Netlink

@Suite struct ShapingTests {
  private static let bucket = TokenBucket(rate: 1_000_000, burst: 20_000, limit: 45_000)

  private static func prefixes(_ texts: String...) throws -> [Prefix] { try texts.map { try #require(Prefix($0)) } }

  private static func owner(
    _ network: String = "net", _ containerID: String = "id", _ interface: String = "eth0"
  ) -> CNI.Attachment {
    CNI.Attachment(network: network, containerID: containerID, interface: interface)
  }
}

// MARK: - What there should be

extension ShapingTests {
  @Test("without prefixes all packets from the container go to the IFB")
  func redirection() {
    let shaping = Shaping(ingress: nil, egress: Self.bucket, unshaped: [])
    let filters = shaping.filters(to: 7)
    #expect(filters.map(\.rule) == [.redirect(to: 7, classID: Shaping.filterClass)])
    #expect(shaping.selective == nil)
  }

  @Test("packets to the prefixes pass before the rest goes to the IFB, and those of one priority have one protocol")
  func order() throws {
    let unshaped = try Self.prefixes("fd00::/8", "10.0.0.0/8", "::/0", "192.0.2.1/32")
    let filters = Shaping(ingress: nil, egress: Self.bucket, unshaped: unshaped).filters(to: 7)
    let passes = [unshaped[1], unshaped[3], unshaped[0], unshaped[2]]
    #expect(
      filters.map(\.rule) == passes.map { .pass(to: $0, classID: Shaping.filterClass) } + [
        .redirect(to: 7, classID: Shaping.filterClass)
      ])
    #expect(filters.map(\.priority) == [0, 0, 1, 1, 2])
  }

  @Test("the redirection has the same priority whatever the prefixes are", arguments: ["", "10.0.0.0/8", "fd00::/8"])
  func priorities(text: String) throws {
    let unshaped = text.isEmpty ? [] : try Self.prefixes(text)
    let filters = Shaping(ingress: nil, egress: Self.bucket, unshaped: unshaped).filters(to: 7)
    #expect(filters.count == unshaped.count + 1)
    #expect(filters.last?.priority == 2)
    #expect(UInt32(Shaping.firstPriority) + 2 < UInt32(UInt16.max))
  }

  @Test("a bucket that some packets need not pass is wanted only with prefixes and towards the container")
  func selective() throws {
    let unshaped = try Self.prefixes("10.0.0.0/8", "fd00::/8")
    #expect(Shaping(ingress: nil, egress: Self.bucket, unshaped: unshaped).selective == nil)
    #expect(Shaping(ingress: Self.bucket, egress: nil, unshaped: []).selective == nil)
    let selective = try #require(Shaping(ingress: Self.bucket, egress: nil, unshaped: unshaped).selective)
    #expect(selective == SelectiveBucket(Self.bucket, except: unshaped, handle: Shaping.selectiveHandle))
  }

  @Test("only the root that we or upstream make is ours")
  func ownRoot() {
    for (kind, handle, isOurs) in [
      ("tbf", TrafficHandle(1), true), ("tbf", TrafficHandle(2), false), ("tbf", TrafficHandle(1, 1), false),
      ("htb", Shaping.selectiveHandle, true), ("htb", TrafficHandle(1), false), ("fq_codel", TrafficHandle(1), false),
      ("tbf", Shaping.selectiveHandle, false), ("", TrafficHandle(1), false),
    ] {
      #expect(Qdisc(kind: kind, handle: handle, bucket: nil).isOurs == isOurs)
    }
  }

  @Test("handles are as tc writes them in the comment")
  func handles() {
    #expect("\(Shaping.bucketHandle)" == "1:")
    #expect("\(Shaping.selectiveHandle)" == "5c41:")
    #expect("\(Shaping.filterClass)" == "5c41:1")
  }
}

// MARK: - Names

extension ShapingTests {
  private static func names(_ owner: CNI.Attachment) -> [String] { IFBName.candidates(owner).map(\.text) }

  // printf %s NETWORKID | sha512sum
  @Test(
    "the IFB of eth0 has upstream's name where that is free",
    arguments: [("net", "id", "bwp30e7440e95de"), ("net-a", "id0123", "bwpee19e045a460")])
  func upstreamName(network: String, id: String, expected: String) {
    let owner = Self.owner(network, id)
    #expect(Self.names(owner).first == expected)
    #expect(IFBName.upstream(owner).text == expected)
  }

  // printf %s net/id/net1 | sha512sum
  @Test(
    "the IFB of another interface has its own name, and upstream's is that of eth0",
    arguments: [("net1", "bwp663b32018a1b"), ("eth1", "bwpc2215c3ddf97")])
  func otherName(interface: String, expected: String) {
    let owner = Self.owner("net", "id", interface)
    #expect(Self.names(owner) == [expected])
    #expect(IFBName.upstream(owner) == IFBName.upstream(Self.owner()))
  }

  @Test("networks and IDs that run together have the same first name, and names of their own")
  func runningTogether() {
    let (one, other) = (Self.names(Self.owner("net", "1c")), Self.names(Self.owner("net1", "c")))
    #expect(one.count == 2 && other.count == 2)
    #expect(one[0] == other[0] && one[1] != other[1])
  }

  @Test("names are of a length that an interface may have, and differ from owner to owner")
  func names() {
    var names: Set<String> = []
    var count = 0
    for network in ["net", "net2", String(repeating: "n", count: 200)] {
      for id in ["id", "2", String(repeating: "i", count: 200)] {
        for interface in ["eth0", "eth1", "eth00", "ETH0"] {
          let owner = Self.owner(network, id, interface)
          let texts = Self.names(owner) + [HostEndName(owner).text]
          for text in texts { #expect(text.utf8.count == 15 && (text.hasPrefix("bwp") || text.hasPrefix("bwh"))) }
          names.formUnion(texts)
          count += texts.count
        }
      }
    }
    #expect(names.count == count)
  }

  @Test("a network's unfinished IFBs are in a group that is nobody's by default")
  func group() {
    #expect(IFBAlias.groupWithout("net") == IFBAlias.groupWithout("net"))
    #expect(IFBAlias.groupWithout("net") != IFBAlias.groupWithout("net1"))
    for network in ["net", "a", "b"] { #expect((0x4000_0000...0x4fff_ffff).contains(IFBAlias.groupWithout(network))) }
  }
}

// MARK: - Aliases

extension ShapingTests {
  @Test("an alias that was written is read, and fits into the kernel's 255 bytes")
  func aliasRoundTrip() throws {
    let long = String(repeating: "x", count: 300)
    for owner in [
      Self.owner(), Self.owner("net", "id", "eth0.100"), Self.owner(long, long, "eth0"), Self.owner("n", "i", "é"),
      Self.owner("n", "i", "a b"),
    ] {
      for host in ["veth0", "vethwepl1234567", "-"] {
        let alias = IFBAlias(owner, hostInterface: host)
        #expect(alias.text.utf8.count <= 255)
        let read = try #require(IFBAlias(alias.text))
        #expect(read.owner == AttachmentTag(owner))
        #expect(read.hostInterface == host)
        #expect(read.text == alias.text)
      }
    }
    #expect(IFBAlias(Self.owner(), hostInterface: "veth0").text == "net/id/eth0 veth0")
  }

  @Test(
    "the alias of somebody else's interface is none",
    arguments: [
      "", " ", "net/id/eth0", "net/id/eth0 ", " net/id/eth0", "veth0", "my interface", "net/id eth0", "net//eth0 veth0",
      "a/b/c/d veth0", "net/ id/eth0",
    ])
  func foreignAlias(text: String) {
    #expect(IFBAlias(text) == nil)
  }
}
