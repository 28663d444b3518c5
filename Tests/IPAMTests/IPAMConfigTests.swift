// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Testing

@testable import IPAM

@Suite struct IPAMConfigTests {
  private func config(_ ipam: String, version: String) throws -> NetworkConfig {
    try NetworkConfig(Field(#"{"name": "net", "cniVersion": "\#(version)", "ipam": \#(ipam)}"#))
  }

  @Test(
    "attributes of routes are kept in every version, but those that are 0 or unknown",
    arguments: ["0.2.0", "1.0.0", "1.1.0"])
  func routes(version: String) throws {
    let route =
      #"{"dst": "10.9.1.1/16", "gw": "10.1.0.1", "mtu": 1400, "priority": 0, "table": 0, "scope": 253, "x": 1}"#
    let config = try config(#"{"routes": [\#(route), {"dst": "::/0"}]}"#, version: version)
    var result = NetworkResult(routes: try config.ipamRoutes())
    result.ips = [NetworkResult.IPConfig(try #require(Prefix("10.1.0.2/24")))]
    let field = Field(result.encoded(config.version))
    let shown = try (version == "0.2.0" ? field["ip4"]["routes"] : field["routes"]).array()?.first
    let expected = try JSON(#"{"dst": "10.9.1.1/16", "gw": "10.1.0.1", "mtu": 1400, "table": 0, "scope": 253}"#)
    #expect(shown?.value == expected)
  }

  @Test("without ipam there is an error that names it")
  func missing() throws {
    let error = #expect(throws: CNIError.self) { try config("null", version: "1.1.0").ipam() }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message == "ipam: expected the IPAM plugin's configuration, found nothing")
  }

  @Test("only versions before 0.3.0 have no room for a second address of a family")
  func room() throws {
    try config("{}", version: "0.3.0").requireRoom(for: [.ip, .ip], at: "x")
    try config("{}", version: "0.2.0").requireRoom(for: [.ip, .ip6], at: "x")
    #expect(throws: CNIError.self) { try config("{}", version: "0.2.0").requireRoom(for: [.ip6, .ip6], at: "x") }
  }
}
