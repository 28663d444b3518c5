// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS
import Testing

@testable import Netlink

/// The words for requests, without sending them: what they do is compared with ip's in TraceKernelTests.
@Suite struct TraceTests {
  private static func command(_ request: NetlinkMessage) throws -> String? {
    try RouteSocket.open().netlink.command(request)
  }

  private static func generic(_ request: NetlinkMessage) throws -> String? {
    try GenericSocket.open().netlink.command(request)
  }

  private static func netfilter(_ request: NetlinkMessage) throws -> String? {
    try NetfilterSocket.open().netlink.command(request)
  }

  @Test("an interface stands by its name, and one that is missing by its index")
  func names() throws {
    var attributes = LinkAttributes()
    attributes.mtu = 1400
    attributes.alias = "two words"
    var request = NetlinkMessage(link: RTM_SETLINK, 0, index: 1, linkFlags: attributes.flags(isUp: true))
    attributes.append(to: &request)
    #expect(try Self.command(request) == "ip link set dev lo mtu 1400 alias 'two words' up")
    let removal = NetlinkMessage(link: RTM_DELLINK, 0, index: missingInterface)
    #expect(try Self.command(removal) == "ip link del dev if\(missingInterface)")
  }

  @Test("an attribute that no word is known for is told by its number and length")
  func attribute() throws {
    var request = NetlinkMessage(link: RTM_SETLINK, 0, index: 1)
    request.attribute(IFLA_CARRIER, UInt8(1))
    #expect(try Self.command(request) == "ip link set dev lo [attribute \(IFLA_CARRIER), 1 bytes]")
  }

  @Test("a message that no command is known for is told by its type and length")
  func unknown() throws {
    var request = NetlinkMessage(type: UInt16(RTM_NEWNSID))
    request.append(UInt32(AF_UNSPEC))
    #expect(try Self.command(request) == "rtnetlink message of type \(RTM_NEWNSID), 20 bytes")
    // One that is cut short says nothing else either.
    for type in [RTM_NEWLINK, RTM_NEWADDR, RTM_DELROUTE, RTM_NEWRULE, RTM_NEWNEIGH, RTM_NEWQDISC, RTM_NEWTFILTER] {
      #expect(try Self.command(NetlinkMessage(type: UInt16(type))) == "rtnetlink message of type \(type), 16 bytes")
    }
  }

  @Test("what only asks is no change")
  func questions() throws {
    #expect(try Self.command(RouteSocket.look(named: "lo")) == nil)
    #expect(try Self.command(RouteFilter(.ip).message) == nil)
    #expect(try Self.command(InterfaceAddress.list(of: 1, nil)) == nil)
    let features = GenericSocket.features(UInt8(ETHTOOL_MSG_FEATURES_GET), EthtoolFamily(number: 20), "lo")
    for request in [GenericSocket.ethtoolFamily(), features] { #expect(try Self.generic(request) == nil) }
    #expect(
      try Self.netfilter(
        NetlinkMessage(nfnetlink: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWTABLE.rawValue), family: 2))
        == nil)
  }

  @Test("features are told as ethtool takes them, and flows as conntrack does")
  func otherTools() throws {
    let features = [EthtoolFeature(name: "tx-gso-list", isOn: true), EthtoolFeature(name: "rx-gro", isOn: false)]
    let request = GenericSocket.change(features, of: "lo", EthtoolFamily(number: 20))
    #expect(try Self.generic(request) == "ethtool -K lo tx-gso-list on rx-gro off")
    var deletion = NetlinkMessage(conntrack: IPCTNL_MSG_CT_DELETE, 0, .ip)
    deletion.tuple(
      CTA_TUPLE_ORIG, 17, address: (CTA_IP_V4_DST, try #require(IPAddress("10.1.2.3"))), port: (CTA_PROTO_DST_PORT, 53))
    #expect(
      try Self.netfilter(deletion)
        == "conntrack -D -f ipv4 -p udp --orig-dst 10.1.2.3 --orig-port-dst 53")
  }

  @Test("the kernel's refusal is the answer, with its own words")
  func refusal() throws {
    let routes = try RouteSocket.open()
    ChangeTrace.begin(container: nil)
    _ = try? routes.bringUp(missingInterface)
    let changes = ChangeTrace.end()
    #expect(changes.map(\.command) == ["ip link set dev if\(missingInterface) up"])
    // Without privileges it is another refusal.
    #expect(["No such device", "Operation not permitted"].contains { changes.first?.answer.hasPrefix($0) ?? false })
  }
}
