// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Static
import Testing

@Suite struct StaticTests {
  private func config(_ ipam: String, _ rest: String = "", version: String = "1.1.0") -> String {
    #"{"cniVersion": "\#(version)", "name": "net", "type": "bridge"\#(rest), "ipam": {"type": "static"\#(ipam)}}"#
  }

  private func call(_ verb: String, _ config: String, _ arguments: String = "") -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin", "CNI_ARGS": arguments,
    ]
    return Call(environment, config).answer { _ in Static() }
  }

  private static let two = #"""
    , "addresses": [{"address": "10.1.0.5/24", "gateway": "10.1.0.1"}, {"address": "fd00:1::5/64"}]
    """#

  /// `ips` of a result as `address` or `address via gateway`.
  private func addresses(_ answer: Answer) throws -> [String] {
    try (Field(answer.json)["ips"].array() ?? []).map { item in
      let gateway = try item["gateway"].string().map { " via \($0)" } ?? ""
      return try (item["address"].string() ?? "") + gateway
    }
  }

  @Test("ADD gives the configured addresses, routes and DNS, and no interfaces")
  func add() throws {
    let more = #"""
      , "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1", "priority": 5}],
      "dns": {"nameservers": ["192.0.2.1"], "domain": "a.example", "x": 1}
      """#
    let expected = try JSON(
      """
      {"cniVersion": "1.1.0",
       "ips": [{"address": "10.1.0.5/24", "gateway": "10.1.0.1"}, {"address": "fd00:1::5/64"}],
       "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1", "priority": 5}],
       "dns": {"nameservers": ["192.0.2.1"], "domain": "a.example"}}
      """)
    #expect(call("ADD", config(Self.two + more)).json == expected)
  }

  @Test(
    "IP is added to the configured addresses, and GATEWAY is that of its addresses in the gateway's subnet",
    arguments: [
      ("IP=10.2.0.5/16", ["10.2.0.5/16"]), ("IP=10.2.0.5/16;GATEWAY=10.2.0.1", ["10.2.0.5/16 via 10.2.0.1"]),
      (
        "IP=10.2.0.5/16, fd00:2::5/64;GATEWAY=fd00:2::1, 10.2.9.9",
        ["10.2.0.5/16 via 10.2.9.9", "fd00:2::5/64 via fd00:2::1"]
      ),
      ("IP=10.2.0.5/16;GATEWAY=10.2.0.1,10.2.0.2", ["10.2.0.5/16 via 10.2.0.2"]), ("GATEWAY=10.1.0.9", []),
    ])
  func environment(arguments: String, added: [String]) throws {
    let answer = call("ADD", config(Self.two), arguments)
    #expect(try addresses(answer) == ["10.1.0.5/24 via 10.1.0.1", "fd00:1::5/64"] + added)
  }

  @Test("args replace these, runtimeConfig replaces all; the configured gateway of the subnet is kept")
  func replaced() throws {
    let args = #", "args": {"cni": {"ips": ["10.1.0.7/24", "10.3.0.7/24"]}}"#
    let given = try addresses(call("ADD", config(Self.two, args), "IP=10.2.0.5/16"))
    #expect(given == ["10.1.0.7/24 via 10.1.0.1", "10.3.0.7/24"])
    let runtime = args + #", "runtimeConfig": {"ips": ["10.1.0.8/16", "fd00:1::8/64"]}"#
    let byRuntime = try addresses(call("ADD", config(Self.two, runtime), "IP=10.2.0.5/16;GATEWAY=fd00:1::1"))
    #expect(byRuntime == ["10.1.0.8/16 via 10.1.0.1", "fd00:1::8/64 via fd00:1::1"])
  }

  @Test("no address at all is a success from 0.3.0 on, and before that code 7", arguments: ["0.3.1", "1.1.0", "0.2.0"])
  func nothing(version: String) throws {
    let answer = call("ADD", config("", version: version))
    #expect(answer.code == (version == "0.2.0" ? 7 : nil))
    #expect(try addresses(answer).isEmpty)
  }

  static let wrongFields: [(String, String, String, Int, String)] = [
    (#", "addresses": {}"#, "", "", 7, "ipam.addresses: expected a list"),
    (#", "addresses": ["10.1.0.5/24"]"#, "", "", 7, "ipam.addresses[0]: expected an object"),
    (#", "addresses": [null]"#, "", "", 7, "ipam.addresses[0]: expected an object with an address"),
    (#", "addresses": [{}]"#, "", "", 7, "ipam.addresses[0].address: expected an address with its prefix length"),
    (#", "addresses": [{"address": "10.1.0.5"}]"#, "", "", 7, "ipam.addresses[0].address: expected an address with"),
    (#", "addresses": [{"address": 5}]"#, "", "", 7, "ipam.addresses[0].address: expected a string, found 5"),
    (#", "addresses": [{"address": "10.1.0.5/33"}]"#, "", "", 7, "ipam.addresses[0].address: expected an address with"),
    (
      #", "addresses": [{"address": "10.1.0.5/24", "gateway": "x"}]"#, "", "", 7,
      "ipam.addresses[0].gateway: expected an IPv4 or IPv6 address, found \"x\""
    ),
    (#", "routes": [{"gw": "10.1.0.1"}]"#, "", "", 7, "ipam.routes[0].dst: expected a network"),
    (#", "dns": []"#, "", "", 7, "ipam.dns: expected an object"),
    (#", "dns": {"nameservers": "192.0.2.1"}"#, "", "", 7, "ipam.dns.nameservers: expected a list"),
    (
      "", #", "args": {"cni": {"ips": ["10.1.0.5"]}}"#, "", 7,
      "args.cni.ips[0]: expected an address with its prefix length"
    ),
    (
      "", #", "runtimeConfig": {"ips": ["null/32"]}"#, "", 7,
      "runtimeConfig.ips[0]: expected an address with its prefix length"
    ),
    ("", "", "IP=10.1.0.5", 4, "CNI_ARGS: IP: expected an address with its prefix length"),
    ("", "", "IP=10.1.0.5/24,", 4, "CNI_ARGS: IP: expected an address with its prefix length"),
    ("", "", "IP=10.1.0.5/24;GATEWAY=x", 4, "CNI_ARGS: GATEWAY: expected an IPv4 or IPv6 address, found \"x\""),
    ("", "", "X=1", 4, "CNI_ARGS: expected KEY=value"),
  ]

  @Test("what is wrong is code 7, or 4 in CNI_ARGS, and named", arguments: wrongFields)
  func wrong(ipam: String, rest: String, arguments: String, code: Int, message: String) {
    let answer = call("ADD", config(ipam, rest), arguments)
    #expect(answer.code == code)
    #expect(answer.message.hasPrefix(message), "\(answer.message)")
  }

  @Test("up to 0.2.0 there is one address of a family")
  func families() throws {
    let answer = call("ADD", config(Self.two, version: "0.2.0"), "IP=10.2.0.5/16")
    #expect(answer.code == 7)
    let result = Field(call("ADD", config(Self.two, version: "0.2.0")).json)
    #expect(try result["ip4"]["ip"].string() == "10.1.0.5/24")
    #expect(try result["ip6"]["ip"].string() == "fd00:1::5/64")
  }

  @Test(
    "CHECK is code 102 unless prevResult has each address with its gateway",
    arguments: [
      (#"{"address": "10.1.0.5/24", "gateway": "10.1.0.1"}, {"address": "fd00:1::5/64", "gateway": "fd00:1::1"}"#, nil),
      (#"{"address": "10.1.0.5/24", "gateway": "10.1.0.1"}"#, "prevResult: fd00:1::5/64 is missing"),
      (
        #"{"address": "10.1.0.5/24", "gateway": "10.1.0.2"}, {"address": "fd00:1::5/64"}"#,
        "prevResult: 10.1.0.5/24 has the gateway 10.1.0.2 instead of 10.1.0.1"
      ),
    ] as [(String, String?)])
  func check(ips: String, problem: String?) {
    let rest = #", "prevResult": {"cniVersion": "1.1.0", "ips": [\#(ips)]}"#
    let answer = call("CHECK", config(Self.two, rest), "X=1")
    #expect(answer.code == (problem == nil ? nil : 102))
    #expect(answer.message == problem ?? "")
  }

  @Test("CHECK without prevResult is code 7")
  func checkWithoutResult() { #expect(call("CHECK", config(Self.two)).code == 7) }

  @Test("DEL and GC have nothing to do, also with a bad configuration; STATUS reads it")
  func others() {
    let bad = #", "addresses": 7"#
    #expect(call("DEL", config(bad), "X=1").status == 0)
    #expect(call("GC", config(bad, #", "cni.dev/valid-attachments": []"#)).status == 0)
    #expect(call("STATUS", config(bad)).code == 7)
    #expect(call("STATUS", config(Self.two)).status == 0)
  }
}
