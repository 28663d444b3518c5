// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Testing

/// What ADD refuses, and by which path.
@Suite struct HostLocalOptionsTests {
  private let scene: Scene

  init() throws { scene = try Scene() }

  private static func old(_ more: String) -> String { #""subnet": "10.1.0.0/24""# + more }
  private static func range(_ members: String) -> String { #""ranges": [[{\#(members)}]]"# }

  @Test(
    "a wrong field is code 7 and named", arguments: wrongFields)
  func wrong(ipam: String, message: String) throws {
    let answer = scene.add("c1", ipam)
    #expect(answer.code == 7)
    #expect(answer.message.hasPrefix(message), "\(answer.message)")
    #expect(throws: (any Error).self) { try scene.names() }
  }

  static let wrongFields: [(String, String)] = [
    (#""x": 1"#, "ipam.ranges: expected a list of range sets"),
    (#""ranges": []"#, "ipam.ranges: expected a list of range sets"),
    (#""ranges": {}"#, "ipam.ranges: expected a list, found an object"),
    (#""ranges": [{"subnet": "10.1.0.0/24"}]"#, "ipam.ranges[0]: expected a list, found an object"),
    (#""ranges": [[]]"#, "ipam.ranges[0]: expected a list of ranges with at least one range"),
    (#""ranges": [null]"#, "ipam.ranges[0]: expected a list of ranges with at least one range"),
    (#""ranges": [["10.1.0.0/24"]]"#, "ipam.ranges[0][0]: expected an object"),
    (#""ranges": [[null]]"#, "ipam.ranges[0][0]: expected a range with a subnet"),
    (range(""), "ipam.ranges[0][0].subnet: expected a network with its prefix length"),
    (range(#""subnet": 7"#), "ipam.ranges[0][0].subnet: expected a string, found 7"),
    (range(#""subnet": "10.1.0.0""#), "ipam.ranges[0][0].subnet: expected a network with its prefix length"),
    (range(#""subnet": "10.1.0.0/33""#), "ipam.ranges[0][0].subnet: expected a network with its prefix length"),
    (range(#""subnet": "ipx/8""#), "ipam.ranges[0][0].subnet: expected a network with its prefix length"),
    (
      range(#""subnet": "10.1.0.5/24""#),
      "ipam.ranges[0][0].subnet: expected a network without host bits, such as 10.1.0.0/24"
    ),
    (
      range(#""subnet": "10.1.0.0/31""#),
      "ipam.ranges[0][0].subnet: expected a network of at least four addresses (/30)"
    ),
    (
      range(#""subnet": "10.1.0.0/32""#),
      "ipam.ranges[0][0].subnet: expected a network of at least four addresses (/30)"
    ),
    (
      range(#""subnet": "fd00::/127""#),
      "ipam.ranges[0][0].subnet: expected a network of at least four addresses (/126)"
    ),
    (range(old(#", "rangeStart": "10.2.0.1""#)), "ipam.ranges[0][0].rangeStart: expected an address in 10.1.0.0/24"),
    (range(old(#", "rangeStart": "fd00::1""#)), "ipam.ranges[0][0].rangeStart: expected an address in 10.1.0.0/24"),
    (range(old(#", "rangeEnd": "10.2.0.1""#)), "ipam.ranges[0][0].rangeEnd: expected an address in 10.1.0.0/24"),
    (range(old(#", "rangeEnd": "10.1.0.1/24""#)), "ipam.ranges[0][0].rangeEnd: expected an IPv4 or IPv6 address"),
    (range(old(#", "rangeEnd": ["10.1.0.1"]"#)), "ipam.ranges[0][0].rangeEnd: expected a string, found a list"),
    (
      range(old(#", "rangeStart": "10.1.0.9", "rangeEnd": "10.1.0.8""#)),
      "ipam.ranges[0][0].rangeStart: expected a range that does not end (10.1.0.8) before it starts (10.1.0.9)"
    ),
    (range(old(#", "rangeEnd": "10.1.0.0""#)), "ipam.ranges[0][0].rangeEnd: expected a range that does not end"),
    (range(old(#", "gateway": "junk""#)), "ipam.ranges[0][0].gateway: expected an IPv4 or IPv6 address"),
    (range(old(#", "gateway": "10.1.0.1/24""#)), "ipam.ranges[0][0].gateway: expected an IPv4 or IPv6 address"),
    (range(old(#", "gateway": "fd00::1""#)), "ipam.ranges[0][0].gateway: expected an IPv4 address"),
    (
      #""ranges": [[{"subnet": "10.1.0.0/24"}, {"subnet": "fd00::/64"}]]"#,
      "ipam.ranges[0][1].subnet: expected one family in a range set"
    ),
    (
      #""ranges": [[{"subnet": "10.1.0.0/24"}, {"subnet": "10.1.0.128/25"}]]"#,
      "ipam.ranges[0][1]: 10.1.0.129-10.1.0.254 overlaps with 10.1.0.1-10.1.0.254 of ipam.ranges[0][0]"
    ),
    (
      #""ranges": [[{"subnet": "10.1.0.0/24"}], [{"subnet": "10.2.0.0/24"}], [{"subnet": "10.1.0.128/25"}]]"#,
      "ipam.ranges[2]: range set 10.1.0.129-10.1.0.254 overlaps with 10.1.0.1-10.1.0.254 of ipam.ranges[0]"
    ),
    (
      old(#", "ranges": [[{"subnet": "10.1.0.0/25"}]]"#),
      "ipam.ranges[0]: range set 10.1.0.1-10.1.0.126 overlaps with 10.1.0.1-10.1.0.254 of ipam"
    ),
    (#""subnet": "10.1.0.1/24""#, "ipam.subnet: expected a network without host bits"),
    (old(#", "gateway": 1"#), "ipam.gateway: expected a string, found 1"),
    (#""rangeStart": "10.1.0.5", "ranges": [[{"subnet": "10.1.0.0/24"}]]"#, "ipam.rangeStart: needs ipam.subnet"),
    (old(#", "routes": [{"dst": "junk"}]"#), "ipam.routes[0].dst: expected a network with its prefix length"),
    (old(#", "routes": [{"dst": "0.0.0.0/0", "gw": "junk"}]"#), "ipam.routes[0].gw: expected an IPv4 or IPv6 address"),
    (old(#", "routes": [{"dst": "0.0.0.0/0", "mtu": "1500"}]"#), "ipam.routes[0].mtu: expected a number"),
    (old(#", "routes": [7]"#), "ipam.routes[0]: expected an object"),
    (old(#", "routes": {}"#), "ipam.routes: expected a list"),
    (old(#", "resolvConf": "etc/resolv.conf""#), "ipam.resolvConf: expected an absolute path"),
    (old(#", "resolvConf": 1"#), "ipam.resolvConf: expected a string"),
  ]

  @Test("so are the rest of the configuration and ranges of the runtime")
  func rest() throws {
    for (config, message) in [
      (
        #"{"cniVersion": "1.1.0", "name": "net", "type": "x"}"#,
        "ipam: expected the IPAM plugin's configuration, found nothing"
      ),
      (#"{"cniVersion": "1.1.0", "name": "net", "type": "x", "ipam": []}"#, "ipam: expected an object, found a list"),
      (
        #"{"cniVersion": "1.1.0", "name": "net", "type": "x", "ipam": {"dataDir": "a", \#(Scene.small)}}"#,
        "ipam.dataDir: expected an absolute path, found \"a\""
      ),
      (
        scene.config(Scene.small, #", "runtimeConfig": {"ipRanges": [[{"subnet": "10.9.0.1/24"}]]}"#),
        "runtimeConfig.ipRanges[0][0].subnet: expected a network without host bits"
      ),
      (
        scene.config(Scene.small, #", "runtimeConfig": {"ipRanges": [[{"subnet": "10.1.0.0/16"}]]}"#),
        "ipam.ranges[0]: range set 10.1.0.1-10.1.0.6 overlaps with 10.1.0.1-10.1.255.254 of runtimeConfig.ipRanges[0]"
      ),
    ] {
      let answer = scene.call("ADD", config)
      #expect(answer.code == 7)
      #expect(answer.message.hasPrefix(message), "\(answer.message)")
    }
  }

  @Test("up to 0.2.0 there is one set of a family", arguments: ["0.1.0", "0.2.0"])
  func families(version: String) throws {
    let two = scene.config(#""ranges": [[{"subnet": "10.1.0.0/24"}], [{"subnet": "10.2.0.0/24"}]]"#, version: version)
    let answer = scene.call("ADD", two)
    #expect(answer.code == 7)
    #expect(
      answer.message == "ipam.ranges: a result of cniVersion \(version) cannot have more than one IPv4 address")
    let mixed = scene.config(#""ranges": [[{"subnet": "10.1.0.0/24"}], [{"subnet": "fd00::/64"}]]"#, version: version)
    let result = Field(scene.call("ADD", mixed).json)
    #expect(try result["ip4"]["ip"].string() == "10.1.0.2/24")
    #expect(try result["ip6"]["ip"].string() == "fd00::2/64")
  }

  @Test("sets of the runtime stand first, then the one in ipam itself, then the others")
  func order() throws {
    let ipam =
      #""subnet": "10.2.0.0/24", "rangeStart": "10.2.0.9", "gateway": "10.2.0.3", "ranges": [[{"subnet": "10.3.0.0/24"}]]"#
    let answer = scene.add("c1", ipam, #", "runtimeConfig": {"ipRanges": [[{"subnet": "10.1.0.0/24"}]]}"#)
    #expect(answer.addresses == ["10.1.0.2/24", "10.2.0.9/24", "10.3.0.2/24"])
    #expect(answer.gateways == ["10.1.0.1", "10.2.0.3", "10.3.0.1"])
    #expect(try scene.text("last_reserved_ip.0") == "10.1.0.2")
    #expect(try scene.text("last_reserved_ip.2") == "10.3.0.2")
  }
}
