// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Portmap

@Suite struct PortMappingTests {
  private static func list(_ items: String...) throws -> [PortMapping] {
    try PortMapping.list(try Sample.network(Sample.config(mappings: "[\(items.joined(separator: ","))]")))
  }

  /// The first item with one member changed; without it if there is no value.
  private static func mapping(_ name: String, _ value: String?) throws -> [PortMapping] {
    var members = ["hostPort": "8080", "containerPort": "80", "protocol": #""tcp""#]
    members[name] = value
    let text = members.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
    return try list("{\(text)}")
  }

  @Test(
    "a mapping is read, whatever the case of its keys",
    arguments: [
      #"{"hostPort":8080,"containerPort":80,"protocol":"udp","hostIP":"192.0.2.1"}"#,
      #"{"HostPort":8080,"ContainerPort":80,"Protocol":"udp","HostIP":"192.0.2.1"}"#,
      #"{"hostport":8080,"CONTAINERPORT":80,"protocol":"UDP","hostIp":"192.0.2.1","name":"x"}"#,
    ])
  func keys(text: String) throws {
    let mapping = try #require(try Self.list(text).first)
    #expect(mapping.hostPort == 8080)
    #expect(mapping.containerPort == 80)
    #expect(mapping.transport == .udp)
    #expect(mapping.hostAddress?.description == "192.0.2.1")
    #expect(mapping.path == "runtimeConfig.portMappings[0]")
  }

  @Test("protocols are read in any case", arguments: TransportProtocol.allCases)
  func transports(transport: TransportProtocol) throws {
    for text in [transport.rawValue, transport.rawValue.uppercased(), transport.rawValue.capitalized] {
      #expect(try Self.mapping("protocol", "\"\(text)\"").map(\.transport) == [transport])
    }
  }

  @Test("a protocol that is not set is TCP", arguments: [nil, #""""#, "null"])
  func noTransport(value: String?) throws {
    #expect(try Self.mapping("protocol", value).map(\.transport) == [.tcp])
  }

  @Test(
    "another protocol is refused with its path",
    arguments: [#""icmp""#, #""tcp ""#, #""tcp,udp""#, #""6""#, #""dccp""#])
  func otherTransport(value: String) {
    let reason = "expected tcp, udp or sctp, found \(value)"
    #expect(throws: FieldError(path: "runtimeConfig.portMappings[0].protocol", reason: reason)) {
      try Self.mapping("protocol", value)
    }
  }

  @Test(
    "ports at both ends of the range are read", arguments: ["hostPort", "containerPort"], [1, 65_535, 80] as [UInt16])
  func ports(name: String, port: UInt16) throws {
    let mapping = try #require(try Self.mapping(name, "\(port)").first)
    #expect((name == "hostPort" ? mapping.hostPort : mapping.containerPort) == port)
  }

  @Test(
    "what is no port is refused with its path", arguments: ["hostPort", "containerPort"],
    [
      (nil, "nothing"), ("null", "nothing"), ("0", "0"), ("-1", "-1"), ("65536", "65536"), ("1e300", "1e+300"),
      ("80.5", "80.5"), (#""80""#, #""80""#), (#""""#, #""""#), ("true", "true"), ("[80]", "a list"),
      ("18446744073709551696", "1.8446744073709552e+19"),
    ] as [(String?, String)])
  func noPorts(name: String, value: (text: String?, summary: String)) {
    let reason = "expected a number between 1 and 65535, found \(value.summary)"
    #expect(throws: FieldError(path: "runtimeConfig.portMappings[0].\(name)", reason: reason)) {
      try Self.mapping(name, value.text)
    }
  }

  @Test(
    "an unspecified address stands for all of its family, none for all",
    arguments: [
      (nil, AddressFamily.allCases), ("null", AddressFamily.allCases), (#""""#, AddressFamily.allCases),
      (#""0.0.0.0""#, [.ip]), (#""::""#, [.ip6]), (#""::ffff:0.0.0.0""#, [.ip]),
    ] as [(String?, [AddressFamily])])
  func noAddress(value: String?, families: [AddressFamily]) throws {
    let mapping = try #require(try Self.mapping("hostIP", value).first)
    #expect(mapping.hostAddress == nil)
    #expect(mapping.families == families)
  }

  @Test(
    "an address is read in its usual form",
    arguments: [("127.0.0.1", "127.0.0.1"), ("2001:DB8::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1")])
  func address(text: String, expected: String) throws {
    #expect(try Self.mapping("hostIP", "\"\(text)\"").map { $0.hostAddress?.description } == [expected])
  }

  @Test("a bad address is refused with its path", arguments: ["localhost", "1.2.3", "1.2.3.4/24", "fe80::1%eth0", "*"])
  func badAddress(text: String) {
    let reason = "expected an IPv4 or IPv6 address, found \"\(text)\""
    #expect(throws: FieldError(path: "runtimeConfig.portMappings[0].hostIP", reason: reason)) {
      try Self.mapping("hostIP", "\"\(text)\"")
    }
  }

  @Test("no list and an empty one are none", arguments: [nil, "null", "[]"])
  func none(mappings: String?) throws {
    #expect(try PortMapping.list(try Sample.network(Sample.config(mappings: mappings))).isEmpty)
  }

  @Test(
    "what is no list of objects is refused with its path", arguments: [("{}", ""), ("[80]", "[0]"), (#""80""#, "")])
  func noList(mappings: String, index: String) throws {
    let config = try Sample.network(Sample.config(mappings: mappings))
    let error = try #require(throws: FieldError.self) { try PortMapping.list(config) }
    #expect(error.path == "runtimeConfig.portMappings\(index)")
  }

  @Test("identical mappings are one")
  func identical() throws {
    let spelled = #"{"HostPort":8080.0,"ContainerPort":80,"Protocol":"TCP","HostIP":"0.0.0.0"}"#
    #expect(try Self.list(Sample.mapping, Sample.mapping, spelled).count == 1)
  }

  @Test("a host port that leads to two ports is refused, and both mappings are named")
  func contradictory() {
    let other = #"{"hostPort":8080,"containerPort":81}"#
    let expected = FieldError(
      path: "runtimeConfig.portMappings[1].hostPort",
      reason: "8080/tcp goes to container port 80 by runtimeConfig.portMappings[0] already")
    #expect(throws: expected) { try Self.list(Sample.mapping, other) }
  }

  @Test("of mappings that overlap each family is published once, and one that contradicts is refused")
  func overlapping() throws {
    let four = #"{"hostPort":8080,"containerPort":80,"hostIP":"0.0.0.0"}"#
    let six = #"{"hostPort":8080,"containerPort":90,"hostIP":"::"}"#
    #expect(try Self.list(four, Sample.mapping).map(\.families) == [[.ip], [.ip6]])
    #expect(try Self.list(Sample.mapping, four).map(\.families) == [[.ip, .ip6]])
    #expect(try Self.list(four, six).map(\.families) == [[.ip], [.ip6]])
    let expected = FieldError(
      path: "runtimeConfig.portMappings[1].hostPort",
      reason: "8080/tcp goes to container port 80 by runtimeConfig.portMappings[0] already")
    #expect(throws: expected) { try Self.list(Sample.mapping, six) }
  }

  @Test("the same port of other protocols and addresses is another one")
  func others() throws {
    let udp = #"{"hostPort":8080,"containerPort":81,"protocol":"udp"}"#
    let local = #"{"hostPort":8080,"containerPort":82,"hostIP":"127.0.0.1"}"#
    #expect(try Self.list(Sample.mapping, udp, local).map(\.containerPort) == [80, 81, 82])
  }
}

extension String {
  fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
