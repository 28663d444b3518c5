// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import PTP

@Suite("ptp's options") struct PTPSettingsTests {
  private func settings(_ members: String = "") throws -> PTPSettings {
    try PTPSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
  }

  @Test("all options are read, and none is needed")
  func read() throws {
    let none = try settings()
    #expect(none.mtu == nil && !none.masquerades && none.masqueradeBackend == nil && none.dns.isEmpty)
    let all = try settings(#""mtu":"auto","ipMasq":true,"ipMasqBackend":"nftables","dns":{"search":["d"]},"#)
    #expect(all.mtu == .auto && all.masquerades && all.masqueradeBackend == .nftables && all.dns.search == ["d"])
  }

  @Test(
    "a wrong option is code 7 with its name and what was expected",
    arguments: [
      (#""mtu":-1"#, "mtu: expected \"auto\", 0, or bytes from 68 to 65535"),
      (#""ipMasq":"yes""#, "ipMasq: expected true or false"),
      (#""ipMasqBackend":"foo""#, "ipMasqBackend: expected one of iptables, nftables"),
      (#""dns":7"#, "dns: expected an object"),
    ])
  func wrong(member: String, message: String) {
    let error = #expect(throws: CNIError.self) { try settings(member + ",") }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test("each address needs a gateway of its family that is another address")
  func gateways() throws {
    func check(_ address: String, _ gateway: String?) throws {
      let entry = NetworkResult.IPConfig(try #require(Prefix(address)), gateway: gateway.flatMap { IPAddress($0) })
      try NetworkResult(ips: [entry]).requireGateways()
    }
    try check("10.30.0.5/24", "10.30.0.1")
    try check("10.30.0.5/32", "169.254.1.1")
    try check("fd00::5/64", "fe80::1")
    for (address, gateway) in [("10.30.0.5/24", nil), ("10.30.0.5/24", "10.30.0.5"), ("10.30.0.5/24", "fe80::1")] {
      let error = #expect(throws: CNIError.self) { try check(address, gateway) }
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message.hasPrefix("ipam: ptp needs a gateway for each address, and ips[0]") == true)
    }
  }
}
