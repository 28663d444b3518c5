// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Testing

@testable import Bridge

@Suite("gateways and routes that bridge completes") struct BridgeSettingsResultTests {
  private func completed(_ members: String, _ result: String) throws -> NetworkResult {
    let settings = try BridgeSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
    var read = try NetworkResult(
      decoding: Field(JSON(parsing: Array(#"{"cniVersion":"1.1.0",\#(result)}"#.utf8))), implied: .v1_1_0)
    try settings.completeGateways(&read)
    return read
  }

  @Test("with isGateway an address without gateway gets the first of its network, another keeps its own")
  func gateways() throws {
    let result = try completed(
      #""isGateway":true,"#,
      #""ips":[{"address":"10.22.0.5/16"},{"address":"10.23.0.5/16","gateway":"10.23.0.9"},{"address":"fd00:22::5/64"}]"#
    )
    #expect(result.ips.map { $0.gateway.map { "\($0)" } } == ["10.22.0.1", "10.23.0.9", "fd00:22::1"])
    #expect(result.ips.allSatisfy { $0.interface == 2 })
    #expect(result.gatewayPrefixes.map { "\($0)" } == ["10.22.0.1/16", "10.23.0.9/16", "fd00:22::1/64"])
    #expect(result.routes.isEmpty)
    #expect(try completed("", #""ips":[{"address":"10.22.0.5/16"}]"#).ips[0].gateway == nil)
  }

  @Test(
    "a network without room for a gateway is code 7",
    arguments: ["10.99.0.5/32", "10.99.0.4/31", "fd00::5/128", "fd00::4/127", "10.22.0.1/16"])
  func noRoom(address: String) throws {
    let error = #expect(throws: CNIError.self) {
      try completed(#""isGateway":true,"#, #""ips":[{"address":"\#(address)"}]"#)
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix("isGateway: ") == true)
  }

  @Test("with isDefaultGateway each family has one default route, over its first gateway")
  func defaultRoutes() throws {
    let ips = #""ips":[{"address":"10.22.0.5/16"},{"address":"fd00:22::5/64"},{"address":"10.23.0.5/16"}]"#
    func routes(_ own: String) throws -> [String] {
      try completed(#""isDefaultGateway":true,"#, "\(ips),\"routes\":[\(own)]").routes.map {
        "\($0.destination) \($0.gateway.map { "\($0)" } ?? "-") \($0.table ?? 0)"
      }
    }
    let six = "::/0 fd00:22::1 0"
    #expect(try routes("") == ["0.0.0.0/0 10.22.0.1 0", six])
    // The same route, which upstream would add twice.
    #expect(try routes(#"{"dst":"0.0.0.0/0"}"#) == ["0.0.0.0/0 10.22.0.1 0", six])
    #expect(try routes(#"{"dst":"0.0.0.0/0","gw":"10.22.0.9"}"#) == ["0.0.0.0/0 10.22.0.9 0", six])
    #expect(
      try routes(#"{"dst":"0.0.0.0/0","gw":"10.22.0.9","table":5}"#)
        == ["0.0.0.0/0 10.22.0.9 5", "0.0.0.0/0 10.22.0.1 0", six])
  }
}
