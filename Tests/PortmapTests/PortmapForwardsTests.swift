// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Portmap

/// The forwards that options and a result ask for.
@Suite struct PortmapForwardsTests {
  private static func forwards(
    _ members: String = "", mappings: String = "[\(Sample.mapping)]", addresses: [String] = Sample.dual,
    note: (String) -> Void = { _ in }
  ) throws -> [PortForward] {
    let config = try Sample.network(Sample.config(members, mappings: mappings, addresses: addresses))
    let options = try PortmapOptions(config)
    return options.forwards(to: Sample.owner, try #require(try config.previousResult()), note: note)
  }

  private static func sources(_ forwards: [PortForward]) -> [String] {
    forwards.flatMap(\.masqueradedSources).map(\.description)
  }

  /// `host port -> destination`
  private static func texts(_ forwards: [PortForward]) -> [String] {
    forwards.map { "\($0.hostPort) -> \($0.destination)" }
  }

  @Test("a mapping leads to the container's address of each family")
  func families() throws {
    let four = "IPv4 port 8080/tcp -> 10.22.0.5:80/tcp"
    let six = "IPv6 port 8080/tcp -> [fd00::5]:80/tcp"
    #expect(try Self.texts(Self.forwards()) == [four, six])
    #expect(try Self.texts(Self.forwards(addresses: ["10.22.0.5/16"])) == [four])
    #expect(try Self.texts(Self.forwards(addresses: ["fd00::5/64"])) == [six])
  }

  @Test("of several addresses of a family the first counts")
  func first() throws {
    let forwards = try Self.forwards(addresses: ["10.22.0.5/16", "10.23.0.5/16"])
    #expect(Self.texts(forwards) == ["IPv4 port 8080/tcp -> 10.22.0.5:80/tcp"])
  }

  @Test(
    "a mapping on one address is for its family only",
    arguments: [
      ("192.0.2.1", ["192.0.2.1:53/udp -> 10.22.0.5:53/udp"]),
      ("2001:db8::1", ["[2001:db8::1]:53/udp -> [fd00::5]:53/udp"]),
      ("0.0.0.0", ["IPv4 port 53/udp -> 10.22.0.5:53/udp"]), ("::", ["IPv6 port 53/udp -> [fd00::5]:53/udp"]),
      ("", ["IPv4 port 53/udp -> 10.22.0.5:53/udp", "IPv6 port 53/udp -> [fd00::5]:53/udp"]),
    ])
  func hostAddress(host: String, expected: [String]) throws {
    let mapping = #"[{"hostPort":53,"containerPort":53,"protocol":"udp","hostIP":"\#(host)"}]"#
    #expect(try Self.texts(Self.forwards(mappings: mapping)) == expected)
  }

  @Test(
    "a mapping on an address of a family that the container does not have is left out, which a note says",
    arguments: ["2001:db8::1", "::"])
  func otherFamily(host: String) throws {
    let mappings = #"[\#(Sample.mapping),{"hostPort":53,"containerPort":53,"hostIP":"\#(host)"}]"#
    var notes: [String] = []
    let forwards = try Self.forwards(mappings: mappings, addresses: ["10.22.0.5/16"]) { notes.append($0) }
    #expect(Self.texts(forwards) == ["IPv4 port 8080/tcp -> 10.22.0.5:80/tcp"])
    let reason = "the container has no IPv6 address: the mapping is left out"
    #expect(notes == ["runtimeConfig.portMappings[1].hostIP: \(reason)"])
  }

  @Test("nothing of a container without an address is published, which a note says if there is anything to map")
  func noAddress() throws {
    var notes: [String] = []
    #expect(try Self.forwards(addresses: []) { notes.append($0) }.isEmpty)
    #expect(notes == ["prevResult.ips: eth0 has no address: none of its ports is published"])
    #expect(try Self.forwards(mappings: "[]", addresses: []) { notes.append($0) }.isEmpty)
    #expect(notes.count == 1)
  }

  @Test("the same host port may lead to one container port over IPv4 and to another over IPv6")
  func portOfEachFamily() throws {
    let mappings = """
      [{"hostPort":8080,"containerPort":80,"hostIP":"0.0.0.0"},{"hostPort":8080,"containerPort":90,"hostIP":"::"}]
      """
    let expected = ["IPv4 port 8080/tcp -> 10.22.0.5:80/tcp", "IPv6 port 8080/tcp -> [fd00::5]:90/tcp"]
    #expect(try Self.texts(Self.forwards(mappings: mappings)) == expected)
  }

  @Test(
    "snat and masqAll say whose connections are masqueraded",
    arguments: [
      ("", ["10.22.0.0/16", "127.0.0.0/8", "fd00::/64"]),
      (#""snat":true"#, ["10.22.0.0/16", "127.0.0.0/8", "fd00::/64"]),
      (#""masqAll":true"#, ["0.0.0.0/0", "::/0"]), (#""masqAll":false"#, ["10.22.0.0/16", "127.0.0.0/8", "fd00::/64"]),
      (#""snat":false"#, []), (#""snat":false,"masqAll":true"#, []), (#""SNAT":false"#, []),
    ] as [(String, [String])])
  func masquerading(members: String, expected: [String]) throws {
    #expect(try Self.sources(Self.forwards(members)) == expected)
  }

  @Test("conditions are those of the network and the family")
  func conditions() throws {
    let members = #""conditionsV4":["ip saddr 10.0.0.0/8"],"conditionsV6":["meta mark 1","tcp sport 5"]"#
    let forwards = try Self.forwards(members)
    #expect(forwards.map { $0.conditions?.network } == ["net", "net"])
    #expect(forwards.map { $0.conditions?.family } == [.ip, .ip6])
    let texts = forwards.map { $0.conditions?.all.map(\.text) ?? [] }
    #expect(
      texts == [["saddr { 10.0.0.0/8 }"], ["meta mark & 0xffffffff == 0x1", "tcp sport { 5 }"]])
    #expect(try Self.forwards().map(\.conditions) == [nil, nil])
    #expect(try Self.forwards(#""conditionsV4":[],"conditionsV6":null"#).map(\.conditions) == [nil, nil])
  }

  @Test("source ranges come before the conditions of their family")
  func sourceRanges() throws {
    let ranges = #""sourceRanges":["192.0.2.7/24","2001:db8::/32","198.51.100.1"]"#
    let forwards = try Self.forwards(#"\#(ranges),"conditionsV4":["meta mark 1"]"#)
    let texts = forwards.map { $0.conditions?.all.map(\.text) ?? [] }
    #expect(
      texts == [
        ["saddr { 192.0.2.0/24, 198.51.100.1/32 }", "meta mark & 0xffffffff == 0x1"], ["saddr { 2001:db8::/32 }"],
      ])
  }

  @Test("a family without a source range is not mapped at all, and an empty list allows all")
  func sourceRangesOfOneFamily() throws {
    let four = try Self.forwards(#""sourceRanges":["192.0.2.0/24"]"#)
    #expect(Self.texts(four) == ["IPv4 port 8080/tcp -> 10.22.0.5:80/tcp"])
    #expect(Self.sources(four) == ["10.22.0.0/16", "127.0.0.0/8"])
    #expect(try Self.texts(Self.forwards(#""sourceRanges":["::/0"]"#)) == ["IPv6 port 8080/tcp -> [fd00::5]:80/tcp"])
    let all = try Self.forwards(#""sourceRanges":[]"#)
    #expect(all.map(\.conditions) == [nil, nil])
  }
}
