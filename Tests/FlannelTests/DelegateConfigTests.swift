// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@testable import Flannel

@Suite struct DelegateConfigTests {
  private static func config(_ members: String, _ subnet: SubnetFile?) throws -> DelegateConfig {
    let config = try Sample.config(members)
    return try DelegateConfig(try FlannelOptions(config), subnet, config)
  }

  /// What members of the configuration become.
  private static func json(_ members: String, _ subnet: SubnetFile?) throws -> JSON {
    JSON.object(try config(members, subnet).object).sorted
  }

  private static func ipam(_ members: String, _ subnet: SubnetFile?) throws -> JSON? {
    try Field(json(members, subnet))["ipam"].value
  }

  /// What a test has written down.
  private func json(_ text: String) throws -> JSON { try JSON(text).sorted }
}

// MARK: - The whole

extension DelegateConfigTests {
  @Test("without a word of its own the delegate is a bridge that is the gateway, with what flanneld says")
  func bridge() throws {
    #expect(
      try Self.json("", Sample.subnet())
        == json(
          """
          {"type":"bridge","isGateway":true,"mtu":1450,"ipMasq":false,"cniVersion":"1.0.0","name":"net",
           "ipam":{"type":"host-local","ranges":[[{"subnet":"10.244.3.0/24"}]],"routes":[{"dst":"10.244.0.0/16"}]}}
          """))
  }

  @Test("the delegate masquerades if flanneld does not", arguments: [true, false])
  func masquerading(masquerades: Bool) throws {
    let json = Field(try Self.json("", Sample.subnet(masquerades: masquerades)))
    #expect(try json["ipMasq"].bool() == !masquerades)
  }

  @Test("a delegate of another type is no gateway")
  func otherType() throws {
    let members = #""delegate":{"type":"macvlan","master":"eth1"}"#
    #expect(
      try Self.json(members, Sample.subnet())
        == json(
          """
          {"type":"macvlan","master":"eth1","mtu":1450,"ipMasq":false,"cniVersion":"1.0.0","name":"net",
           "ipam":{"type":"host-local","ranges":[[{"subnet":"10.244.3.0/24"}]],"routes":[{"dst":"10.244.0.0/16"}]}}
          """))
  }

  @Test("what the delegate's configuration says itself is kept, in whatever case, and what nobody knows too")
  func ownWords() throws {
    let members = """
      "delegate":{"type":"bridge","isGateway":false,"MTU":1300,"ipmasq":true,"cniVersion":"0.1.0","bridge":"br5",
        "x.y/z":{"a":[1,null]}},
      "ipam":{"type":"dhcp","ranges":[[{"subnet":"192.0.2.0/24"}]],"dataDir":"/d","x":null}
      """
    #expect(
      try Self.json(members, Sample.subnet())
        == json(
          """
          {"type":"bridge","isGateway":false,"MTU":1300,"ipmasq":true,"cniVersion":"1.0.0","name":"net","bridge":"br5",
           "x.y/z":{"a":[1,null]},
           "ipam":{"type":"dhcp","dataDir":"/d","x":null,"ranges":[[{"subnet":"10.244.3.0/24"}]],
                   "routes":[{"dst":"10.244.0.0/16"}]}}
          """))
  }

  @Test("null is no word, and each member stands there once")
  func nulls() throws {
    let members = """
      "delegate":{"type":null,"isGateway":null,"MTU":null,"ipMasq":null,"name":null,"IPAM":null,"CniVersion":null},
      "ipam":{"TYPE":null,"Ranges":null,"ROUTES":null}
      """
    #expect(try Self.json(members, Sample.subnet()) == Self.json("", Sample.subnet()))
  }

  @Test("with subnets of both families there are a range and a route of each, IPv4 first")
  func dualStack() throws {
    #expect(
      try Self.ipam("", Sample.subnet(Sample.subnetText))
        == json(
          """
          {"type":"host-local","ranges":[[{"subnet":"10.244.3.0/24"}],[{"subnet":"fd00:10:244:3::/64"}]],
           "routes":[{"dst":"10.244.0.0/16"},{"dst":"fd00:10:244::/48"}]}
          """))
  }

  @Test("without flanneld's file the MTU and masquerading are left open, and the range is that of the result")
  func withoutFile() throws {
    let members = """
      "prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.244.9.7/24"},{"address":"fd00:9::7/64"}]}
      """
    var expected = try #require(
      try Field(
        """
        {"type":"bridge","isGateway":true,"cniVersion":"1.0.0","name":"net",
         "ipam":{"type":"host-local","ranges":[[{"subnet":"10.244.9.0/24"}],[{"subnet":"fd00:9::/64"}]],"routes":[]}}
        """
      ).object())
    expected["prevResult"] = try Field("{\(members)}")["prevResult"].value
    #expect(try Self.json(members, nil) == JSON.object(expected).sorted)
  }

  @Test(
    "without flanneld's file and a result that tells addresses the range is one of no network",
    arguments: [
      "", #""prevResult":null"#, #""prevResult":{"cniVersion":"1.0.0","ips":[]}"#, #""prevResult":5"#,
      #""prevResult":{"cniVersion":"1.0.0","ips":[{"address":"x"}]}"#, #""prevResult":{"cniVersion":"9.0.0"}"#,
    ])
  func placeholder(members: String) throws {
    let expected = try json(#"{"type":"host-local","ranges":[[{"subnet":"192.0.2.0/24"}]],"routes":[]}"#)
    #expect(try Self.ipam(members, nil) == expected)
  }
}

// MARK: - Routes

extension DelegateConfigTests {
  private static let networks = """
    FLANNEL_NETWORK=10.244.0.0/16,10.245.0.0/16
    FLANNEL_SUBNET=10.244.3.1/24
    FLANNEL_MTU=1450
    FLANNEL_IPMASQ=true
    """

  @Test(
    "given routes stand as they are before those to flannel's networks, of which none is there twice",
    arguments: [
      (#"[]"#, #"[{"dst":"10.244.0.0/16"},{"dst":"10.245.0.0/16"}]"#),
      (#"[{"dst":"192.0.2.0/24"}]"#, #"[{"dst":"192.0.2.0/24"},{"dst":"10.244.0.0/16"},{"dst":"10.245.0.0/16"}]"#),
      (
        #"[{"dst":"10.245.0.0/16","gw":"10.244.3.9","mtu":1400}]"#,
        #"[{"dst":"10.245.0.0/16","gw":"10.244.3.9","mtu":1400},{"dst":"10.244.0.0/16"}]"#
      ),
      (#"[{"DST":"10.244.77.1/16"},{"dst":"10.245.0.0/16"}]"#, #"[{"DST":"10.244.77.1/16"},{"dst":"10.245.0.0/16"}]"#),
      (#"[{"dst":"10.244.0.0/15"}]"#, #"[{"dst":"10.244.0.0/15"},{"dst":"10.244.0.0/16"},{"dst":"10.245.0.0/16"}]"#),
      (
        #"[5,{},{"dst":7},{"dst":"x"},{"dst":null}]"#,
        #"[5,{},{"dst":7},{"dst":"x"},{"dst":null},{"dst":"10.244.0.0/16"},{"dst":"10.245.0.0/16"}]"#
      ),
    ])
  func routes(given: String, expected: String) throws {
    let ipam = Field(try Self.ipam(#""ipam":{"routes":\#(given)}"#, Sample.subnet(Self.networks)))
    #expect(try ipam["routes"].value == json(expected))
  }

  @Test("given routes are kept without flanneld's file")
  func routesWithoutFile() throws {
    let ipam = Field(try Self.ipam(#""ipam":{"routes":[{"dst":"192.0.2.0/24"}]}"#, nil))
    #expect(try ipam["routes"].value == json(#"[{"dst":"192.0.2.0/24"}]"#))
  }

  @Test("routes that are no list are refused with their path")
  func wrongRoutes() throws {
    let error = try #require(throws: FieldError.self) { try Self.config(#""ipam":{"routes":"x"}"#, Sample.subnet()) }
    #expect("\(error)" == #"ipam.routes: expected a list, found "x""#)
  }
}

// MARK: - What cannot be understood

extension DelegateConfigTests {
  @Test(
    "read leniently, options that are wrong do not reach the delegate",
    arguments: [
      #""delegate":{"type":"../bridge"}"#, #""delegate":{"type":["x"]}"#, #""delegate":{"name":"x","ipam":5}"#,
      #""delegate":5"#, #""ipam":5"#, #""ipam":{"routes":"x"}"#,
    ])
  func lenience(members: String) throws {
    for subnet in [try Sample.subnet(), nil] {
      let config = try Sample.config(members)
      let object = try DelegateConfig(FlannelOptions(lenient: config), subnet, config).object
      #expect(try JSON.object(object).sorted == Self.json("", subnet))
    }
  }
}

// MARK: - Each call's own members

extension DelegateConfigTests {
  private static let members = """
    "runtimeConfig":{"mac":"02:00:00:00:00:01"},"args":{"cni":{"a":1}},"prevResult":{"cniVersion":"1.0.0"},\
    "cni.dev/valid-attachments":[],"cni.dev/attachments":[{"containerID":"x","ifname":"y"}]
    """

  @Test("what belongs to the call is passed on, and nothing else of the configuration, nor GC's list")
  func passedOn() throws {
    var expected = try #require(try Field(Self.json("", Sample.subnet())).object())
    for member in try #require(try Field("{\(Self.members)}").object()).members where !member.name.hasPrefix("cni.dev/")
    {
      expected.append(member.name, member.value)
    }
    let json = try Self.json(
      Self.members + #","capabilities":{"mac":true},"dns":{},"dataDir":"/x","subnetFile":"/y""#, Sample.subnet())
    #expect(json == JSON.object(expected).sorted)
  }

  @Test("what belongs to the call goes before what the delegate's configuration says of it")
  func callFirst() throws {
    let delegate = #""delegate":{"runtimeConfig":{"own":1},"args":{"own":1},"prevResult":{"own":1}}"#
    let json = Field(try Self.json("\(delegate),\(Self.members)", Sample.subnet()))
    #expect(!json["runtimeConfig"]["own"].isPresent)
    #expect(!json["args"]["own"].isPresent)
    #expect(!json["prevResult"]["own"].isPresent)
    let own = Field(try Self.json(delegate, Sample.subnet()))
    #expect(own["runtimeConfig"]["own"].isPresent)
  }

  @Test("what only one call is about is not kept, as upstream does not keep it, and all the rest is")
  func lasting() throws {
    let config = try Self.config(Self.members, Sample.subnet())
    var expected = config.object
    for name in ["prevResult", "args"] {
      #expect(config.object[name] != nil)
      expected[name] = nil
    }
    #expect(config.lasting == expected)
  }

  @Test("what was kept is used as it was, with what the next call brings in the place of what the first one brought")
  func adapted() throws {
    let first = try Self.config(Self.members, Sample.subnet())
    let kept = DelegateConfig(
      saved: first.lasting,
      for: try Sample.config(
        #""runtimeConfig":{"b":2},"prevResult":{"c":3},"args":{"d":4}"#, version: "1.1.0"))
    let json = Field(.object(kept.object))
    #expect(try json["cniVersion"].string() == "1.1.0")
    #expect(try json["runtimeConfig"].value == JSON(#"{"b":2}"#))
    #expect(try json["prevResult"].value == JSON(#"{"c":3}"#))
    #expect(try json["args"].value == JSON(#"{"d":4}"#))
    // What this call does not say stays.
    #expect(try json["mtu"].integer(in: 1450...1450) == 1450)
  }

  @Test("what upstream kept is adapted whatever the case of its members")
  func adaptedUpstream() throws {
    let saved = try #require(
      try Field(#"{"CNIVersion":"0.2.0","Name":"old","type":"bridge","RUNTIMECONFIG":{}}"#).object())
    let kept = DelegateConfig(saved: saved, for: try Sample.config(#""runtimeConfig":{"b":2}"#))
    let expected = try json(#"{"cniVersion":"1.0.0","name":"net","type":"bridge","runtimeConfig":{"b":2}}"#)
    #expect(JSON.object(kept.object).sorted == expected)
  }

  @Test(
    "the list of GC is for the delegate's GC alone", arguments: ["cni.dev/valid-attachments", "cni.dev/attachments"],
    ["[]", "null", #"[{"containerID":"a","ifname":"eth0"}]"#])
  func list(key: String, list: String) throws {
    let call = try Sample.config("\"\(key)\":\(list)", version: "1.1.0")
    let kept = DelegateConfig(saved: try Self.config(Self.members, Sample.subnet()).lasting, for: call)
    #expect(kept.object[key] == nil)
    #expect(kept.collecting(call)[key] == (try JSON(list)))
  }
}
