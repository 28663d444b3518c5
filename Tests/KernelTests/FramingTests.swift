// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import FramingSupport
import Rules
import TestSupport
import Testing

@Suite(
  "the netlink messages of all plugins, parsed by libmnl",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FramingTests {
  private let trace = MessageTrace()

  /// Expects that libmnl finds nothing wrong, and that messages of these types are among those it walked.
  private func expect(_ wanted: (bus: String, type: Int)..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    let framings: [String: Framing] = [
      "NETLINK_ROUTE": .route, "NETLINK_NETFILTER": .netfilter, "NETLINK_GENERIC": .generic,
    ]
    var walked: Set<String> = []
    for datagram in try trace.datagrams() {
      let framing = try #require(framings[datagram.bus], sourceLocation: sourceLocation)
      #expect(framing.problems(datagram.bytes) == [], "\(datagram.bus)", sourceLocation: sourceLocation)
      for type in Framing.types(datagram.bytes) { walked.insert("\(datagram.bus) \(type)") }
    }
    let missing = wanted.map { "\($0.bus) \($0.type)" }.filter { !walked.contains($0) }
    #expect(missing == [], sourceLocation: sourceLocation)
  }

  private static func nfTables(_ type: nf_tables_msg_types) -> (bus: String, type: Int) {
    ("NETLINK_NETFILTER", Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(type.rawValue))
  }

  private static func route(_ type: Int) -> (bus: String, type: Int) { ("NETLINK_ROUTE", type) }

  @Test(
    "portmap, in our own table and in those of iptables-nft",
    arguments: [
      ("nftables", #""ip saddr { 192.0.2.0/24, 198.51.100.1 }""#), ("iptables", #""-s","192.0.2.0/24""#),
    ])
  func portmap(backend: String, condition: String) throws {
    var host = try PortmapNode()
    host.program = try trace.program("portmap")
    host.members = #""backend":"\#(backend)","iptablesVariant":"nft","#
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let conditions = #""conditionsV4":[\#(condition)],"#
    let mappings = [PortMapping(8080, 80), PortMapping(5353, 53, "udp")]
    for verb in ["ADD", "CHECK", "DEL"] { try host.succeed(verb, container, mappings, options: conditions) }
    let collected = try host.call(
      "GC", container, options: #""cni.dev/valid-attachments":[],"#, prevResult: false, version: "1.1.0")
    try host.succeed("GC", collected)
    let conntrack = ("NETLINK_NETFILTER", Int(NFNL_SUBSYS_CTNETLINK) << 8 | Int(IPCTNL_MSG_CT_GET.rawValue))
    try expect(
      Self.nfTables(NFT_MSG_NEWTABLE), Self.nfTables(NFT_MSG_NEWCHAIN), Self.nfTables(NFT_MSG_NEWRULE),
      Self.nfTables(NFT_MSG_DELCHAIN), Self.nfTables(NFT_MSG_GETGEN), conntrack)
  }

  @Test("firewall, in our own table", arguments: ["same-bridge", "isolated"])
  func firewall(policy: String) throws {
    var host = try FirewallNode().byNFTables
    host.program = try trace.program("firewall")
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    for verb in ["ADD", "CHECK", "DEL"] {
      let outcome = try host.call(verb, container, options: #""ingressPolicy":"\#(policy)","#)
      #expect(outcome.status == 0, "\(verb): \(outcome.outputText)")
    }
    try expect(
      Self.nfTables(NFT_MSG_NEWSET), Self.nfTables(NFT_MSG_NEWSETELEM), Self.nfTables(NFT_MSG_GETSETELEM))
  }

  @Test("bandwidth in both directions, with unshaped subnets")
  func bandwidth() throws {
    let scene = try BandwidthScene()
    let way = BandwidthScene.Way(program: try trace.program("bandwidth"))
    let members = BandwidthScene.both + #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"#
    for verb in ["ADD", "CHECK", "DEL"] { _ = try scene.succeed(verb, members, way) }
    try expect(
      Self.route(RTM_NEWLINK), Self.route(RTM_NEWQDISC), Self.route(RTM_NEWTCLASS), Self.route(RTM_NEWTFILTER),
      Self.route(RTM_DELQDISC), Self.route(RTM_GETQDISC))
  }

  @Test("tuning of a link and its features")
  func tuning() throws {
    let scene = try TuningScene()
    let program = try trace.program("tuning")
    let members = #""mac":"02:ab:00:00:00:77","mtu":1300,"promisc":true,"ethtool":{"rx-gro":true},"#
    for verb in ["ADD", "CHECK", "DEL"] {
      let outcome = try scene.call(verb, members, program: program)
      #expect(outcome.status == 0, "\(verb): \(outcome.outputText)")
    }
    try expect(Self.route(RTM_SETLINK), ("NETLINK_GENERIC", Int(GENL_ID_CTRL)))
  }
}
