// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Netlink
import Sysctl
import Testing

@testable import Tuning

@Suite struct TuningOptionsTests {
  /// The places of a MAC, the lowest first.
  private static let places: [(members: String, arguments: String, path: String)] = [
    (#""mac":"#, "", "mac"), ("", "MAC=", "CNI_ARGS: MAC"), (#""runtimeConfig":{"mac":"#, "", "runtimeConfig.mac"),
    (#""args":{"cni":{"mac":"#, "", "args.cni.mac"),
  ]

  /// What puts a MAC into these places, another one into each.
  private static func macs(_ places: Set<Int>, _ text: (Int) -> String) -> (members: String, arguments: String) {
    var members: [String] = []
    var arguments = ""
    for (index, place) in Self.places.enumerated() where places.contains(index) {
      arguments += place.arguments.isEmpty ? "" : place.arguments + text(index)
      if place.members.isEmpty { continue }
      let end = String(repeating: "}", count: place.members.count { $0 == "{" })
      members.append("\(place.members)\"\(text(index))\"\(end)")
    }
    return (members.joined(separator: ","), arguments)
  }

  @Test("of the MACs that of the highest place counts", arguments: 0..<16)
  func precedence(set: Int) throws {
    let places = Set(Self.places.indices.filter { set >> $0 & 1 == 1 })
    let (members, arguments) = Self.macs(places) { "02:00:00:00:00:0\($0)" }
    let address = try Sample.options(members, arguments: arguments).link.address
    #expect(address == places.max().flatMap { MACAddress("02:00:00:00:00:0\($0)") })
  }

  @Test("an empty MAC is none, and lets a lower place count", arguments: 1..<4)
  func emptyMAC(place: Int) throws {
    let (members, arguments) = Self.macs([0, place]) { $0 == 0 ? "02:00:00:00:00:01" : "" }
    #expect(try Sample.options(members, arguments: arguments).link.address == MACAddress("02:00:00:00:00:01"))
  }

  @Test(
    "a MAC that no interface can have is code 7 with its place", arguments: 0..<4,
    ["02:00", "x", "01:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"])
  func badMAC(place: Int, text: String) throws {
    let (members, arguments) = Self.macs([place]) { _ in text }
    let error = try #require(throws: CNIError.self) { try Sample.options(members, arguments: arguments) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.hasPrefix("\(Self.places[place].path): expected the hardware address of one interface"))
    #expect(error.message.hasSuffix("found \"\(text)\""))
  }

  @Test("a MAC in upper case and with hyphens is the same")
  func spelledMAC() throws {
    #expect(try Sample.options(#""mac":"0A-BC-00-00-00-01""#).link.address?.description == "0a:bc:00:00:00:01")
  }

  @Test(
    "what is 0, false or empty is not asked for, where upstream does not take it for a wish",
    arguments: [
      "", #""promisc":false"#, #""mtu":0"#, #""mac":"""#, #""linkAlias":"""#, #""sysctl":{}"#, #""ethtool":{}"#,
      #""sysctl":null,"mtu":null,"promisc":null,"mac":null,"args":null,"runtimeConfig":null"#, #""args":{"cni":{}}"#,
      #""args":{"cni":{"mtu":0,"promisc":false,"sysctl":{}}}"#, #""restoreSysctl":true"#, #""dataDir":"/x""#,
    ])
  func nothing(members: String) throws {
    #expect(try Sample.options(members).isEmpty)
  }

  @Test(
    "each attribute is read, from the configuration and from args.cni",
    arguments: [#"#"#, #""args":{"cni":{#}}"#])
  func attributes(place: String) throws {
    var expected: [(String, LinkAttributes)] = []
    func add(_ member: String, _ change: (inout LinkAttributes) -> Void) {
      var attributes = LinkAttributes()
      change(&attributes)
      expected.append((member, attributes))
    }
    add(#""mac":"02:00:00:00:00:01""#) { $0.address = MACAddress("02:00:00:00:00:01") }
    add(#""mtu":1400"#) { $0.mtu = 1400 }
    add(#""promisc":true"#) { $0.isPromiscuous = true }
    add(#""allmulti":true"#) { $0.receivesAllMulticast = true }
    add(#""txQLen":7"#) { $0.transmitQueueLength = 7 }
    add(#""linkAlias":"web one""#) { $0.alias = "web one" }
    add(#""group":5"#) { $0.group = 5 }
    #expect(expected.count == Mirror(reflecting: LinkAttributes()).children.count)
    // What is false or 0 here is a wish.
    add(#""allmulti":false"#) { $0.receivesAllMulticast = false }
    add(#""txQLen":0"#) { $0.transmitQueueLength = 0 }
    add(#""group":0"#) { $0.group = 0 }
    add(#""MTU":1400"#) { $0.mtu = 1400 }
    for (member, attributes) in expected {
      let options = try Sample.options(
        place.split(separator: "#", omittingEmptySubsequences: false).joined(separator: member))
      #expect(options.link == attributes)
      #expect(!options.isEmpty)
    }
  }

  @Test(
    "a number is taken to the ends of its range and not beyond",
    arguments: [("mtu", 1, 65_536), ("txQLen", 0, Int(Int32.max)), ("group", 0, Int(UInt32.max))])
  func range(name: String, least: Int, most: Int) throws {
    for value in [least, most] { #expect(try !Sample.options("\"\(name)\":\(value)").isEmpty) }
    for value in [-1, most + 1] {
      let message = "\(name): expected a number between 0 and \(most), found \(value)"
      #expect(throws: CNIError(.invalidConfiguration, message)) { try Sample.options("\"\(name)\":\(value)") }
    }
  }

  @Test("an alias is taken to the kernel's length in bytes")
  func alias() throws {
    for text in [String(repeating: "x", count: 255), String(repeating: "é", count: 127)] {
      #expect(try Sample.options("\"linkAlias\":\"\(text)\"").link.alias == text)
    }
    for text in [String(repeating: "x", count: 256), String(repeating: "é", count: 128), #"a\u0000b"#] {
      let error = try #require(throws: CNIError.self) { try Sample.options("\"linkAlias\":\"\(text)\"") }
      #expect(error.code == .invalidConfiguration)
      #expect(error.message.hasPrefix("linkAlias: expected at most 255 bytes"))
    }
  }

  @Test(
    "a member of a wrong type is code 7 with its path, in the configuration and in args.cni",
    arguments: [
      (#""mac":5"#, "mac: expected a string, found 5"),
      (#""mtu":"1400""#, #"mtu: expected a number between 0 and 65536, found "1400""#),
      (#""mtu":1400.5"#, "mtu: expected a number between 0 and 65536, found 1400.5"),
      (#""promisc":"true""#, #"promisc: expected true or false, found "true""#),
      (#""promisc":1"#, "promisc: expected true or false, found 1"),
      (#""allmulti":"no""#, #"allmulti: expected true or false, found "no""#),
      (#""txQLen":[]"#, "txQLen: expected a number between 0 and 2147483647, found a list"),
      (#""linkAlias":{}"#, "linkAlias: expected a string, found an object"),
      (#""group":"web""#, #"group: expected a number between 0 and 4294967295, found "web""#),
      (#""sysctl":[]"#, "sysctl: expected an object, found a list"),
      (
        #""sysctl":{"net.core.x":true}"#, "sysctl.net.core.x: expected a string or a whole number, found true"
      ),
      (#""sysctl":{"net.core.x":1.5}"#, "sysctl.net.core.x: expected a string or a whole number, found 1.5"),
      (#""sysctl":{"net.core.x":null}"#, "sysctl.net.core.x: expected a string or a whole number, found nothing"),
      (
        #""sysctl":{"kernel.x":"1"}"#, "sysctl.kernel.x: expected a key below net, such as net.core.somaxconn"
      ),
      (
        #""sysctl":{"net/../kernel/x":"1"}"#,
        "sysctl.net/../kernel/x: expected a key below net, such as net.core.somaxconn"
      ),
    ])
  func wrongType(member: String, message: String) {
    #expect(throws: CNIError(.invalidConfiguration, message)) { try Sample.options(member) }
    #expect(throws: CNIError(.invalidConfiguration, "args.cni.\(message)")) {
      try Sample.options(#""args":{"cni":{\#(member)}}"#)
    }
  }

  @Test(
    "a member that is only in the configuration, or only in runtimeConfig, is checked too",
    arguments: [
      (#""runtimeConfig":{"mac":5}"#, "runtimeConfig.mac: expected a string, found 5"),
      (#""ethtool":{"a":1}"#, "ethtool.a: expected true or false, found 1"),
      (#""restoreSysctl":"yes""#, #"restoreSysctl: expected true or false, found "yes""#),
    ])
  func wrongTypeElsewhere(member: String, message: String) {
    #expect(throws: CNIError(.invalidConfiguration, message)) { try Sample.options(member) }
  }

  @Test("attributes of args.cni go before those of the configuration, one by one")
  func merged() throws {
    let options = try Sample.options(
      """
      "mtu":1400,"txQLen":7,"allmulti":true,"linkAlias":"a","group":1,\
      "args":{"cni":{"mtu":1200,"allmulti":false,"promisc":true,"linkAlias":"b"}}
      """)
    var expected = LinkAttributes()
    expected.mtu = 1200
    expected.transmitQueueLength = 7
    expected.receivesAllMulticast = false
    expected.isPromiscuous = true
    expected.alias = "b"
    expected.group = 1
    #expect(options.link == expected)
  }

  @Test("parameters are read in their order, with their values as text and their paths")
  func parameters() throws {
    let options = try Sample.options(
      #""sysctl":{"net.ipv4.conf.IFNAME.b":"1 2","net/core/a":-3,"net.ipv4.conf.eth0/100.c":9}"#, interface: "eth0.100"
    )
    let texts = ["net.ipv4.conf.eth0/100.b", "net.core.a", "net.ipv4.conf.eth0/100.c"]
    #expect(options.parameters.map(\.key.text) == texts)
    #expect(options.parameters.map(\.value) == ["1 2", "-3", "9"])
    let paths = ["sysctl.net.ipv4.conf.IFNAME.b", "sysctl.net/core/a", "sysctl.net.ipv4.conf.eth0/100.c"]
    #expect(options.parameters.map(\.path) == paths)
  }

  @Test("parameters of args.cni are added to those of the configuration, and replace the same keys in any spelling")
  func mergedParameters() throws {
    let options = try Sample.options(
      """
      "sysctl":{"net.core.a":"1","net.ipv4.conf.IFNAME.b":"1","net.core.c":"1"},\
      "args":{"cni":{"sysctl":{"net/ipv4/conf/eth0/b":"2","net.core.d":"2","net/core/a":"2"}}}
      """)
    let found = Dictionary(options.parameters.map { ($0.key.path, $0.value) }) { "\($0) and \($1)" }
    let expected = ["net/core/a": "2", "net/ipv4/conf/eth0/b": "2", "net/core/c": "1", "net/core/d": "2"]
    #expect(found == expected)
  }

  @Test("parameters may stand in args.cni alone")
  func argumentsAlone() throws {
    let options = try Sample.options(#""args":{"cni":{"sysctl":{"net.core.a":"1"}}}"#)
    #expect(options.parameters.map(\.path) == ["args.cni.sysctl.net.core.a"])
  }

  @Test(
    "two spellings of one key in one object are code 7, which names both",
    arguments: [
      ("net.core.a", "net/core/a"), ("net.ipv4.conf.IFNAME.a", "net.ipv4.conf.eth0/100.a"),
      ("net/ipv4/conf/IFNAME/a", "net/ipv4/conf/eth0.100/a"), ("net.ipv4.conf.eth0.100.a", "net.ipv4.conf.IFNAME.a"),
    ], ["sysctl", "args.cni.sysctl"])
  func canonicalDuplicates(keys: (String, String), path: String) throws {
    let object = #""sysctl":{"\#(keys.0)":"1","net.core.z":"1","\#(keys.1)":"1"}"#
    let members = path == "sysctl" ? object : #""args":{"cni":{\#(object)}}"#
    let message = "\(path).\(keys.1): is the same key as \(path).\(keys.0)"
    #expect(throws: CNIError(.invalidConfiguration, message)) {
      try Sample.options(members, interface: "eth0.100")
    }
  }

  @Test(
    "a key that stands twice as it is, is code 7",
    arguments: [
      #""sysctl":{"net.core.a":"1","net.core.a":"2"}"#, #""sysctl":{"net.core.a":"1","net.core.a":"1"}"#,
      #""sysctl":{"net.core.a":"1","net.core.\u0061":"2"}"#,
      #""args":{"cni":{"sysctl":{"net.core.a":"1","net.core.a":"2"}}}"#,
      #""sysctl":{"net.core.a":"1"},"sysctl":{"net.core.a":"2"}"#,
    ])
  func literalDuplicates(members: String) throws {
    let error = try #require(throws: CNIError.self) { try Sample.options(members) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.contains("duplicate object key"))
  }

  @Test("members that stand twice do not matter where no parameter is asked for")
  func harmlessDuplicates() throws {
    #expect(try Sample.options(#""mtu":1,"mtu":1400"#).link.mtu == 1400)
  }

  @Test("parameters are put back only if that is asked for")
  func restores() throws {
    #expect(try !Sample.options().restoresParameters)
    #expect(try !Sample.options(#""restoreSysctl":false"#).restoresParameters)
    #expect(try Sample.options(#""restoreSysctl":true"#).restoresParameters)
  }

  @Test("the folder is upstream's unless another is named by an absolute path")
  func dataDirectory() throws {
    for (members, path) in [
      ("", "/run/cni/tuning"), (#""dataDir":"""#, "/run/cni/tuning"), (#""dataDir":null"#, "/run/cni/tuning"),
      (#""dataDir":"/x/y""#, "/x/y"), (#""DataDir":"/x""#, "/x"),
    ] {
      #expect(try TuningOptions.dataDirectory(try Sample.network(members)) == path)
    }
    for text in ["x", "./x", "../x", "~/x", " /x"] {
      let error = FieldError(path: "dataDir", reason: "expected an absolute path, found \"\(text)\"")
      let config = try Sample.network("\"dataDir\":\"\(text)\"")
      #expect(throws: error) { try TuningOptions.dataDirectory(config) }
    }
  }
}
