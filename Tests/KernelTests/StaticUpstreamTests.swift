// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("static beside upstream's", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct StaticUpstreamTests {
  private static let addresses =
    #""addresses":[{"address":"10.22.0.5/24","gateway":"10.22.0.1"},{"address":"fd00:22::5/64"}]"#

  @Test(
    "results are upstream's in every version",
    arguments: [
      ("", ""), ("", "IP=10.23.0.5/24, fd00:23::5/64;GATEWAY=10.23.0.1,10.22.0.9"),
      (#""args":{"cni":{"ips":["10.24.0.5/24"]}},"#, "IP=10.23.0.5/24"),
      (#""args":{"cni":{"ips":["10.24.0.5/24"]}},"runtimeConfig":{"ips":["10.25.0.5/24"]},"#, ""),
      ("", "IP=10.23.0.5"), ("", "GATEWAY=x"), (#""runtimeConfig":{"ips":["10.25.0.5"]},"#, ""),
    ], ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(test: (String, String), version: String) throws {
    let scene = try IPAMScene()
    let ipam = Self.addresses + #","routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["192.0.2.1"]}"#
    let answers = try IPAMScene.Maker.allCases.map { maker in
      let outcome = try scene.call(
        maker, "ADD", ipam, test.0, arguments: test.1, version: version, plugin: "static")
      return outcome.status == 0 ? try members(JSON(parsing: outcome.output)) : ["failed"]
    }
    #expect(answers[0] == answers[1])
  }

  /// The members of a result with their texts, whatever their order.
  private func members(_ json: JSON) throws -> [String] {
    (try Field(json).object()?.members ?? []).map { "\($0.name): \(String(decoding: $0.value.text, as: UTF8.self))" }
      .sorted()
  }

  @Test("the one accepts in CHECK what the other has given", arguments: IPAMScene.Maker.allCases)
  func change(first: IPAMScene.Maker) throws {
    let scene = try IPAMScene()
    let given = try scene.call(first, "ADD", Self.addresses, plugin: "static")
    let rest = #""prevResult":\#(given.outputText),"#
    for maker in [first, first.other] {
      for verb in ["CHECK", "DEL"] {
        #expect(try scene.call(maker, verb, Self.addresses, rest, plugin: "static").status == 0)
      }
    }
  }
}
