// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Testing

@testable import Firewall

@Suite struct FirewallOptionsTests {
  @Test("the standard zone is trusted")
  func zone() { #expect(FirewallOptions.standardZone == "trusted") }
}
