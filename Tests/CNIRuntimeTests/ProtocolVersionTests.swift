// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNIRuntime

@Suite struct ProtocolVersionTests {
  @Test(
    "versions are compared by number",
    arguments: [
      ("0.3.1", "0.4.0"), ("0.9.0", "0.10.0"), ("1.0", "1.0.1"), ("", "0.2.0"), ("1", "1.1.0"), ("0.4.0", "9.9.9"),
    ])
  func order(lower: String, higher: String) throws {
    let (low, high) = (try #require(ProtocolVersion(lower)), try #require(ProtocolVersion(higher)))
    #expect(low < high)
    #expect(!(high < low))
  }

  @Test("no version is 0.1.0")
  func none() { #expect(ProtocolVersion("") == ProtocolVersion("0.1.0")) }

  @Test("what is no version is refused", arguments: ["x", "1.x", "1.2.3.4", "1..2", "-1.0.0", "1.0.0-rc"])
  func refused(text: String) { #expect(ProtocolVersion(text) == nil) }
}
