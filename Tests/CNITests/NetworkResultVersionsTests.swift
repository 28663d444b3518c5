// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@Suite struct NetworkResultVersionsTests {
  private static let pairs = SpecVersion.allCases.flatMap { from in SpecVersion.allCases.map { (from, $0) } }

  @Test("a result of each version is converted to each other", arguments: pairs)
  func golden(from: SpecVersion, to: SpecVersion) throws {
    let source = GoldenResult.text(of: from, as: from)
    let expected = try JSON(GoldenResult.text(of: from, as: to))
    let named = try NetworkResult(decoding: try Field(source), implied: .v1_1_0)
    #expect(named.encoded(to) == expected)
    let unnamed = source.replacing(#""cniVersion": "\#(from.rawValue)", "#, with: "")
    #expect(unnamed != source)
    let implied = try NetworkResult(decoding: try Field(unnamed), implied: from)
    #expect(implied.encoded(to) == expected)
  }

  @Test("unknown members are kept, at every level, from each version to each", arguments: pairs)
  func unknownMembers(from: SpecVersion, to: SpecVersion) throws {
    let isOld = from < .v0_3_0
    let ip = #""x.ip/y": [2]"#
    let body =
      isOld
      ? #""ip4": {"ip": "10.0.0.2/24", \#(ip), "routes": [{"dst": "0.0.0.0/0", "x.route": 3}]}"#
      : #""ips": [{"address": "10.0.0.2/24", \#(ip)}], "routes": [{"dst": "0.0.0.0/0", "x.route": 3}]"#
    let text = #"{"cniVersion": "\#(from.rawValue)", "x.top/y": {"HostPort": null}, \#(body), "dns": {"x.dns": 4}}"#
    let result = Field(try NetworkResult(decoding: try Field(text), implied: from).encoded(to))
    let isDown = to < .v0_3_0
    let address = isDown ? result["ip4"] : try #require(try result["ips"].array()?.first)
    let routes = try #require(try (isDown ? address : result)["routes"].array())
    #expect(result["x.top/y"].value == .object(JSONObject(["HostPort": .null])))
    #expect(result["dns"]["x.dns"].value == .integer(4))
    #expect(address["x.ip/y"].value == .array([.integer(2)]))
    #expect(routes.map { $0["x.route"].value } == [.integer(3)])
  }

  private static let newer = """
    {"cniVersion": "VERSION",
     "interfaces": [{"name": "eth0", "mtu": 1400, "socketPath": "/s", "PCIID": "0:1"}],
     "routes": [{"dst": "0.0.0.0/0", "MTU": 1400, "advmss": 1360, "priority": 1, "table": 2, "scope": 3}]}
    """

  @Test(
    "what interfaces have since 1.1.0 is left out below it, and what routes have is not",
    arguments: SpecVersion.allCases.filter { $0 >= .v0_3_0 })
  func newerMembers(to: SpecVersion) throws {
    let text = Self.newer.replacing("VERSION", with: "1.1.0")
    let result = Field(try NetworkResult(decoding: try Field(text), implied: to).encoded(to))
    let interface = try #require(try result["interfaces"].array()?.first?.object())
    let route = try #require(try result["routes"].array()?.first?.object())
    #expect(interface.members.map(\.name) == (to == .v1_1_0 ? ["name", "mtu", "socketPath", "pciID"] : ["name"]))
    #expect(route.members.map(\.name) == ["dst", "mtu", "advmss", "priority", "table", "scope"])
  }

  @Test(
    "the same names in an older result's interfaces are the writer's own, and kept",
    arguments: [SpecVersion.v0_3_0, .v0_4_0, .v1_0_0])
  func ownMembers(from: SpecVersion) throws {
    let text = Self.newer.replacing("VERSION", with: from.rawValue)
    let result = try NetworkResult(decoding: try Field(text), implied: .v1_1_0)
    for version in SpecVersion.allCases where version >= .v1_0_0 {
      let expected = Self.newer.replacing("VERSION", with: version.rawValue).replacing("MTU", with: "mtu")
      #expect(result.encoded(version) == (try JSON(expected)))
    }
  }

  @Test("attributes of routes are read in every version", arguments: SpecVersion.allCases)
  func routes(from: SpecVersion) throws {
    let routes =
      #""routes": [{"dst": "0.0.0.0/0", "mtu": 1400, "advmss": 1360, "priority": 1, "table": 2, "scope": 3}]"#
    let body = from < .v0_3_0 ? #""ip4": {"ip": "10.0.0.2/24", \#(routes)}"# : routes
    let text = #"{"cniVersion": "\#(from.rawValue)", \#(body)}"#
    let route = try #require(try NetworkResult(decoding: try Field(text), implied: .v0_1_0).routes.first)
    #expect([route.mtu, route.advMSS, route.priority, route.table, route.scope] == [1400, 1360, 1, 2, 3])
    #expect(route.unknown == JSONObject())
  }

  @Test("keys in another case are converted as well", arguments: SpecVersion.allCases.filter { $0 >= .v0_3_0 })
  func caseOfKeys(from: SpecVersion) throws {
    let text = """
      {"CNIVersion": "\(from.rawValue)", "IPs": [{"Version": "4", "Address": "10.0.0.2/24", "Gateway": "10.0.0.1"}],
       "Routes": [{"Dst": "0.0.0.0/0"}], "DNS": {"Nameservers": ["10.0.0.1"]}}
      """
    let result = try NetworkResult(decoding: try Field(text), implied: .v0_1_0)
    let lists = Field(result.encoded(.v0_4_0))
    #expect(try lists["ips"].array()?.first?["version"].string() == "4")
    #expect(try lists["ips"].array()?.first?["address"].string() == "10.0.0.2/24")
    let families = Field(result.encoded(.v0_2_0))
    #expect(try families["ip4"]["ip"].string() == "10.0.0.2/24")
    #expect(try families["ip4"]["gateway"].string() == "10.0.0.1")
    #expect(try families["ip4"]["routes"].array()?.count == 1)
    #expect(!families["ip6"].isPresent)
  }
}
