// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Testing

@testable import IPAM

@Suite struct RequestedAddressTests {
  private func requests(_ members: String, _ arguments: String = "") throws -> AddressRequests {
    let config = try NetworkConfig(Field(#"{"name": "net", "cniVersion": "1.1.0", "ipam": {}\#(members)}"#))
    return try AddressRequests(config, CNIArguments(arguments), .addressOrPrefix, isList: true)
  }

  @Test("each source is read, with or without a prefix length")
  func sources() throws {
    let found = try requests(
      #", "args": {"cni": {"ips": ["10.1.0.6/24"]}}, "runtimeConfig": {"ips": ["fd00::7"]}"#,
      "IP=10.1.0.4, 10.1.0.5/24 ;GATEWAY=10.1.0.1")
    #expect(found.ofEnvironment.map(\.address) == [IPAddress("10.1.0.4"), IPAddress("10.1.0.5")])
    #expect(found.ofEnvironment.map(\.prefix) == [nil, Prefix("10.1.0.5/24")])
    #expect(found.ofEnvironment.map(\.code) == [.badEnvironment, .badEnvironment])
    #expect(found.ofArguments.map(\.path) == ["args.cni.ips[0]"])
    #expect(found.ofRuntime.map(\.address) == [IPAddress("fd00::7")])
    #expect(found.ofRuntime.map(\.code) == [.invalidConfiguration])
    #expect(found.gateways == [IPAddress("10.1.0.1")])
  }

  @Test("what is empty asks for nothing", arguments: [", \"args\": null", ", \"args\": {\"cni\": {}}", ""])
  func empty(members: String) throws {
    let found = try requests(members, "IP=;GATEWAY=")
    #expect(found.ofEnvironment.isEmpty && found.ofArguments.isEmpty && found.ofRuntime.isEmpty)
  }
}
