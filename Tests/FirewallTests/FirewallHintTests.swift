// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallHintTests {
  private static func result(_ text: String) throws -> NetworkResult {
    try NetworkResult(decoding: try Field(text), implied: .v1_0_0)
  }

  private static func options(_ members: String) throws -> FirewallOptions {
    try FirewallOptions(try Sample.network(Sample.config(members)))
  }

  @Test("a hint is what ADD has asked for, with an isolation for each interface that may be the bridge")
  func whole() throws {
    let options = try Self.options(
      #""ingressPolicy":"isolated","dropInvalid":true,"denyDestinations":["10.0.0.0/8"]"#)
    let hint = FirewallHint(options, try Self.result(Sample.result(Sample.dual)))
    let isolations = ["cni0", "veth0"].map { Rule.isolate(Isolation(bridge: $0, .isolated)) }
    #expect(hint.rules == options.rules(for: try Sample.addresses(), on: nil) + isolations)
    #expect(Set(options.rules(for: try Sample.addresses(), on: "cni0")).isSubset(of: hint.rules))
  }

  @Test("without isolation no bridge is hinted at")
  func open() throws {
    let hint = FirewallHint(try Self.options(""), try Self.result(Sample.result(Sample.dual)))
    #expect(hint.rules == Sample.accepts(try Sample.addresses()))
  }

  @Test("with options that cannot be read the accepts are left, and without a result nothing")
  func partial() throws {
    let result = try Self.result(Sample.result(Sample.dual))
    #expect(FirewallHint(nil, result).rules == Sample.accepts(try Sample.addresses()))
    #expect(FirewallHint(nil, nil).rules.isEmpty)
    #expect(FirewallHint(try Self.options(#""ingressPolicy":"isolated","dropInvalid":true"#), nil).rules.isEmpty)
  }

  @Test(
    "the container's addresses are all but those of the host's interfaces, each once",
    arguments: [
      (#""ips":[{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16"}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.1/16","interface":0},{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16","interface":7}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16","interface":-1}]"#, ["10.22.0.5"]),
      (
        #""ips":[{"address":"10.22.0.5/16","interface":2},{"address":"fd00::5/64","interface":3},{"address":"10.22.0.5/24"}]"#,
        ["10.22.0.5", "fd00::5"]
      ),
      (#""ips":[{"address":"10.22.0.5/16","interface":0},{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[]"#, []), (#""routes":[]"#, []),
    ])
  func addresses(ips: String, expected: [String]) throws {
    let interfaces =
      #"[{"name":"cni0"},{"name":"veth0"},{"name":"eth0","sandbox":"/x"},{"name":"eth1","sandbox":"/x"}]"#
    let result = try Self.result(#"{"cniVersion":"1.0.0","interfaces":\#(interfaces),\#(ips)}"#)
    #expect(try result.containerAddresses().map(\.description) == expected)
  }

  @Test("a result without interfaces has only addresses of the container, in every version")
  func noInterfaces() throws {
    let results = [
      #"{"cniVersion":"0.2.0","ip4":{"ip":"10.22.0.5/16"},"ip6":{"ip":"fd00::5/64"}}"#,
      #"{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.22.0.5/16"},{"version":"6","address":"fd00::5/64"}]}"#,
      #"{"cniVersion":"1.1.0","ips":[{"address":"10.22.0.5/16","interface":0},{"address":"fd00::5/64"}]}"#,
    ]
    for text in results { #expect(try Self.result(text).containerAddresses() == Sample.addresses()) }
  }
}
