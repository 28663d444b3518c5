// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Rules

@Suite struct MasqueradingTests {
  @Test("the names of backends are upstream's")
  func names() {
    #expect(MasqueradeBackend.allCases.map(\.rawValue) == ["iptables", "nftables"])
    #expect(MasqueradeBackend(rawValue: "iptables-nft") == nil)
  }
}
