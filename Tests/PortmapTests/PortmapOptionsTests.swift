// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Rules
import Testing

@testable import Portmap

@Suite struct PortmapOptionsTests {
  private static func options(_ members: String) throws -> PortmapOptions {
    try PortmapOptions(try Sample.network(Sample.config(members)))
  }

  @Test(
    "the backend is iptables if it is asked for, or if something needs it",
    arguments: [
      #""backend":"iptables""#, #""Backend":"iptables""#, #""externalSetMarkChain":"KUBE-MARK-MASQ""#,
      #""conditionsV4":["-s","10.0.0.0/8"]"#, #""conditionsV4":["!","-s","10.0.0.0/8"]"#,
      #""conditionsV6":["-s","::1"]"#, #""backend":"iptables","conditionsV4":["ip saddr 10.0.0.1"]"#,
    ])
  func iptables(members: String) throws {
    #expect(try Self.options(members).iptables != nil)
  }

  @Test(
    "what only rules in iptables can do is code 2 and named where the backend nftables is asked for",
    arguments: [
      (#""externalSetMarkChain":"KUBE-MARK-MASQ""#, #"externalSetMarkChain: "KUBE-MARK-MASQ""#),
      (#""conditionsV4":["-s","10.0.0.0/8"]"#, #"conditionsV4: "-s 10.0.0.0/8""#),
      (#""conditionsV6":["-s","::1"]"#, #"conditionsV6: "-s ::1""#),
    ])
  func unsupported(members: String, keyAndValue: String) throws {
    let error = try #require(throws: CNIError.self) { try Self.options(#""backend":"nftables","# + members) }
    #expect(error.code == .unsupportedField)
    #expect(error.message == "\(keyAndValue) needs the backend iptables, and backend says \"nftables\"")
  }

  @Test(
    "a chain that marks has a name that iptables takes, else it is code 7",
    arguments: ["two words", "tab\\t", "-x", "!x", "ACCEPT", "RETURN", "PREROUTING", String(repeating: "n", count: 29)])
  func chainName(name: String) throws {
    let error = try #require(throws: CNIError.self) { try Self.options(#""externalSetMarkChain":"\#(name)""#) }
    #expect(error.code == .invalidConfiguration)
    #expect(
      error.message.hasPrefix(
        "externalSetMarkChain: expected the name of a chain, 1 to 28 bytes without white space, found "))
    let longest = String(repeating: "n", count: 28)
    #expect(try Self.options(#""externalSetMarkChain":"\#(longest)""#).iptables?.markChain == longest)
  }

  @Test("the settings of iptables are what the configuration says")
  func settings() throws {
    let members = """
      "backend":"iptables","markMasqBit":5,"iptablesVariant":"legacy",\
      "conditionsV4":["-s","10.0.0.0/8"],"conditionsV6":["-i","eth0"]
      """
    let settings = try #require(try Self.options(members).iptables)
    #expect(settings.markBit == 5)
    #expect(settings.variant == .legacy)
    #expect(settings.conditions[.ip] == ["-s", "10.0.0.0/8"])
    #expect(settings.conditions[.ip6] == ["-i", "eth0"])
    #expect(settings.markChain == nil)
    #expect(try Self.options(#""externalSetMarkChain":"X""#).iptables?.markChain == "X")
    #expect(try Self.options(#""backend":"iptables""#).iptables?.markBit == 13)
  }

  @Test(
    "an option that is not what it should be is code 7 with its path",
    arguments: [
      (#""backend":"ebtables""#, #"backend: expected one of nftables, iptables, found "ebtables""#),
      (#""backend":5"#, "backend: expected a string, found 5"),
      (#""markMasqBit":32"#, "markMasqBit: expected a number between 0 and 31, found 32"),
      (#""markMasqBit":-1"#, "markMasqBit: expected a number between 0 and 31, found -1"),
      (#""markMasqBit":13,"externalSetMarkChain":"X""#, "markMasqBit: cannot be given with externalSetMarkChain"),
      (#""externalSetMarkChain":true"#, "externalSetMarkChain: expected a string, found true"),
      (#""hostPortConflict":"ignore""#, #"hostPortConflict: expected one of replace, error, found "ignore""#),
      (#""hostPortConflict":true"#, "hostPortConflict: expected a string, found true"),
      (#""snat":"true""#, #"snat: expected true or false, found "true""#),
      (#""masqAll":1"#, "masqAll: expected true or false, found 1"),
      (#""conditionsV4":"ip saddr 10.0.0.1""#, #"conditionsV4: expected a list, found "ip saddr 10.0.0.1""#),
      (
        #""conditionsV4":["ip saddr 10.0.0.1","oif lo"]"#,
        #"conditionsV4[1]: expected ip, ip6, iifname, tcp, udp, sctp or meta, found "oif""#
      ),
      (#""conditionsV6":["ip saddr 10.0.0.1"]"#, #"conditionsV6[0]: expected ip6, found "ip""#),
      (#""sourceRanges":"10.0.0.0/8""#, #"sourceRanges: expected a list, found "10.0.0.0/8""#),
      (
        #""sourceRanges":["10.0.0.0/8","x"]"#,
        #"sourceRanges[1]: expected an address or a prefix, such as 192.0.2.0/24, found "x""#
      ),
      (
        #""sourceRanges":[null]"#,
        "sourceRanges[0]: expected an address or a prefix, such as 192.0.2.0/24, found nothing"
      ),
    ])
  func invalid(members: String, message: String) {
    #expect(throws: CNIError(.invalidConfiguration, message)) { try Self.options(members) }
  }

  @Test(
    "the nftables backend may be said, or none",
    arguments: [#""backend":"nftables""#, #""backend":"""#, #""backend":null"#])
  func backend(members: String) throws {
    #expect(try Self.options(members).mappings.count == 1)
  }

  @Test(
    "options of iptables that mean nothing here are accepted",
    arguments: [
      #""markMasqBit":0"#, #""markMasqBit":31"#, #""externalSetMarkChain":"""#,
      #""markMasqBit":13,"externalSetMarkChain":"""#,
    ])
  func ignored(members: String) throws {
    #expect(try Self.options(members).mappings.count == 1)
  }

  @Test("a host port is taken over unless that should be an error", arguments: ConflictPolicy.allCases)
  func policy(policy: ConflictPolicy) throws {
    #expect(try Self.options(#""hostPortConflict":"\#(policy.rawValue)""#).onConflict == policy)
    #expect(try Self.options("").onConflict == .replace)
    #expect(try Self.options(#""hostPortConflict":"""#).onConflict == .replace)
  }

  @Test(
    "what can be read of the ports is read, in each family that it could be meant for, whatever is broken elsewhere")
  func readable() throws {
    let mappings = [
      Sample.mapping, #"{"hostPort":0,"containerPort":1}"#, "7",
      #"{"hostPort":53,"containerPort":1,"protocol":"udp","hostIP":"::1"}"#,
    ]
    let config = Sample.config(#""backend":"iptables""#, mappings: "[\(mappings.joined(separator: ","))]")
    let ports = PortmapOptions.readableHostPorts(try Sample.network(config)).map(\.description)
    #expect(ports == ["IPv4 port 8080/tcp", "IPv6 port 8080/tcp", "[::1]:53/udp"])
  }

  @Test("where no ports can be read there are none", arguments: [nil, "{}", "[]", "5"])
  func unreadable(mappings: String?) throws {
    #expect(PortmapOptions.readableHostPorts(try Sample.network(Sample.config(mappings: mappings))).isEmpty)
  }
}
