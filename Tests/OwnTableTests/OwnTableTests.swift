// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Testing

@testable import OwnTable

@Suite struct OwnTableTests {
  @Test("our base chains have the right hooks and priorities, and the policy accept")
  func hooks() {
    let ours: [Chain.Hook] = [
      .rawPrerouting, .natPrerouting, .natOutput, .natPostrouting, .beforeFilterForward, .afterFilterForward,
    ]
    #expect(ours.map(\.type) == ["filter", "nat", "nat", "nat", "filter", "filter"])
    #expect(ours.map(\.number) == [0, 0, 3, 4, 2, 2])
    #expect(ours.map(\.priority) == [-300, -99, -99, 101, -1, 1])
    #expect(ours.allSatisfy { $0.policy == .accept })
  }

  @Test("only the named chain is the administrator's")
  func administrators() {
    for feature in FeatureTests.parts {
      #expect(
        feature.chains.map(\.name).filter { $0 == feature.administratorsChain }
          == (feature.purpose.contains("filter") ? ["admin"] : []))
    }
  }

  @Test("our table and those of upstream's portmap have their families")
  func tables() {
    #expect("\(Table.own)" == "inet swift_cni")
    #expect(Table.upstreamPorts.map { "\($0)" } == ["ip cni_hostport", "ip6 cni_hostport"])
  }
}
