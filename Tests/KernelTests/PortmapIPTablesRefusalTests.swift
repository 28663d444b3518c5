// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap by iptables: refusals", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesRefusalTests {
  /// Words of a condition, and the one that the error must name.
  static let words: [(words: String, named: String)] = [
    ("-m state --state NEW", "-m state"), ("-m nonsense", "-m nonsense"), ("! -m tcp", "! -m tcp"), ("-m", "-m"),
    ("-s", "-s"), ("-s !", "-s"), ("!", "!"), ("! !", "!"), ("! ! -s 10.0.0.1", "!"), ("-s ! 10.0.0.1", "-s"),
    ("-s 10.0.0.300", "10.0.0.300"), ("-s 10.0.0.0/33", "10.0.0.0/33"), ("-s fd00::1", "fd00::1"),
    ("-s 10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2"), ("-s localhost", "localhost"), ("-d 10.0.0.0/-1", "10.0.0.0/-1"),
    ("-i +", "-i +"), ("! -i +", "-i +"), ("-i sixteen-letters-", "sixteen-letters-"), ("-i a/b", "a/b"),
    ("-p icmp", "icmp"), ("-p all", "all"), ("-p", "-p"), ("--sport 80", "--sport"), ("-p tcp --sport", "--sport"),
    ("-p tcp --sport 65536", "65536"), ("-p tcp --sport 2:1", "2:1"), ("-p tcp --sport http", "http"),
    ("-p tcp --sport -1", "-1"), ("-p tcp --sport +1", "+1"), ("-p tcp -m multiport --sports 1,,2", "1,,2"),
    ("-p tcp -m multiport --sports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "15 ports"),
    ("-m mark --mark", "--mark"), ("-m mark --mark x", "x"), ("-m mark --mark 0x100000000", "0x100000000"),
    ("-m mark --mark 1/", "1/"), ("-m mark --mark 1/2/3", "1/2/3"), ("-m mark --mark +1", "+1"),
    ("-m mark --mark 0x+1", "0x+1"), ("-m mark --mark -1", "-1"),
    ("-m addrtype --dst-type NOWHERE", "NOWHERE"), ("-m conntrack --ctstate OLD", "OLD"),
    ("-m conntrack --ctstate NEW,", "NEW,"), ("-m conntrack --ctstate ,", ","),
    ("! -m comment", "-m comment"), ("-m comment ! --comment x", "--comment"),
    ("-f", "-f"), ("-4", "-4"), ("-t filter", "-t"), ("-A INPUT", "-A"), ("-x", "-x"), ("-s 10.0.0.1 accept", "accept"),
    ("-g CHAIN", "-g"), ("--set-xmark 1", "--set-xmark"),
    // Options that are given twice, and a target, which iptables refuses too.
    ("-s 10.0.0.1 -s 10.0.0.2", "-s"), ("-i eth0 ! -i eth1", "-i"), ("-p tcp -p udp", "-p"), ("-j ACCEPT", "-j"),
    ("! -j ACCEPT", "-j"), ("-s 10.0.0.1 --jump DROP", "-j"),
    // A mark with a leading zero, which iptables reads as octal.
    ("-m mark --mark 010", "010"),
    ("! -s 0.0.0.0/0", "0.0.0.0/0"),
  ]

  @Test(
    "a condition that is malformed or not supported is code 7, names the word and changes nothing", arguments: words)
  func condition(words: String, named: String) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    let before = try host.ruleset()
    let list = words.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ",")
    for verb in ["ADD", "CHECK"] {
      let outcome = try host.call(verb, container, [PortMapping(8080, 80)], options: #""conditionsV4":[\#(list)],"#)
      let error = try #require(errorObject(outcome), "\(verb) takes it")
      #expect(error.code == 7)
      #expect(error.message.contains("conditionsV4") && error.message.contains(named), "\(error.message)")
      #expect(try host.ruleset() == before)
    }
  }

  /// Members of a configuration, with the code and words of the error.
  static let members: [(members: String, code: Int, words: String)] = [
    (#""conditionsV6":["-s","10.0.0.1"],"#, 7, "conditionsV6"),
    (#""conditionsV4":["-s",7],"#, 7, "conditionsV4[1]"),
    (#""conditionsV4":"-s 10.0.0.1","#, 7, "conditionsV4"),
    (#""conditionsV4":["ip saddr 10.0.0.1"],"#, 7, "conditionsV4"),
    (#""markMasqBit":32,"#, 7, "markMasqBit"), (#""markMasqBit":-1,"#, 7, "markMasqBit"),
    (#""markMasqBit":"x","#, 7, "markMasqBit"),
    (#""markMasqBit":5,"externalSetMarkChain":"KUBE-MARK-MASQ","#, 7, "markMasqBit"),
    (#""externalSetMarkChain":7,"#, 7, "externalSetMarkChain"),
    (#""sourceRanges":["10.0.0.0/33"],"#, 7, "sourceRanges[0]"),
    (#""hostPortConflict":"ignore","#, 7, "hostPortConflict"),
  ]

  @Test("a bad option is an error that names it, and nothing changes", arguments: members)
  func option(members: String, code: Int, words: String) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let error = try #require(errorObject(try host.call("ADD", container, [PortMapping(8080, 80)], options: members)))
    #expect(error.code == code)
    #expect(error.message.contains(words), "\(error.message)")
    #expect(try host.ruleset() == "")
  }

  @Test("an unknown iptablesVariant is code 7")
  func variant() throws {
    var host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for variant in ["nftables", "NFT"] {
      host.members = #""backend":"iptables","iptablesVariant":"\#(variant)","#
      let error = try #require(errorObject(try host.call("ADD", container, [PortMapping(8080, 80)])))
      #expect(error.code == 7)
      #expect(error.message.contains("iptablesVariant"))
    }
    #expect(try host.ruleset() == "")
  }

  @Test("an option that needs iptables is code 2 with the backend nftables")
  func nftables() throws {
    let host = try PortmapNode().byNFTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for (members, words) in [
      (#""externalSetMarkChain":"KUBE-MARK-MASQ","#, "externalSetMarkChain"),
      (#""conditionsV4":["!","-s","10.0.0.1"],"#, "conditionsV4"),
    ] {
      let error = errorObject(try host.call("ADD", container, [PortMapping(8080, 80)], options: members))
      #expect(error?.code == 2)
      #expect(error?.message.contains(words) == true)
    }
    #expect(try host.ruleset() == "")
  }

  // MARK: - externalSetMarkChain

  private static let external = #""externalSetMarkChain":"KUBE-MARK-MASQ","#

  @Test("an existing externalSetMarkChain is used, and none of our chains for marking is made")
  func markChain() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.change(
      .ip,
      [
        ":KUBE-MARK-MASQ -", ":KUBE-POSTROUTING -", "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
        "-A POSTROUTING -j KUBE-POSTROUTING", "-A KUBE-POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
      ])
    let before = Set(try host.saved())
    let outcome = try host.call("ADD", container, [PortMapping(8080, 80)], options: Self.external)
    try host.succeed("ADD", outcome)
    #expect(outcome.errorText == "")
    #expect(before.isSubset(of: try host.saved()))
    #expect(try !host.saved().contains { $0.contains("CNI-HOSTPORT-SETMARK") || $0.contains("CNI-HOSTPORT-MASQ") })
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    try host.check(container, PortMapping(8080, 80), options: Self.external)
    try host.delete(container)
    #expect(before.isSubset(of: try host.saved()))
    #expect(try host.savedOfContainers() == [])
  }

  @Test("if the externalSetMarkChain is missing, ours is used, with a note on stderr")
  func missingMarkChain() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let outcome = try host.call("ADD", container, [PortMapping(8080, 80)], options: Self.external)
    try host.succeed("ADD", outcome)
    #expect(outcome.errorText.contains("there is no chain KUBE-MARK-MASQ"))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    try host.check(container, PortMapping(8080, 80), options: Self.external)
    // When the chain exists, the next ADD uses it.
    try host.change(.ip, [":KUBE-MARK-MASQ -", "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"])
    #expect(
      errorObject(try host.call("CHECK", container, [PortMapping(8080, 80)], options: Self.external))?.code == 102)
    try host.add(container, PortMapping(8080, 80), options: Self.external)
    #expect(try host.savedOfContainers().contains { $0.hasSuffix("-j KUBE-MARK-MASQ") })
    try host.check(container, PortMapping(8080, 80), options: Self.external)
  }
}
