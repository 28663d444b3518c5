// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct SpecVersionTests {
  @Test("the versions are those of the specification, in their order")
  func order() {
    let texts = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]
    #expect(SpecVersion.allCases.map(\.rawValue) == texts)
    #expect(SpecVersion.allCases.reversed().sorted() == SpecVersion.allCases)
    #expect(SpecVersion.v0_3_1 > .v0_3_0)
    #expect(!(SpecVersion.v0_4_0 < .v0_4_0))
  }

  @Test("the newest is current, and the oldest is meant by none")
  func ends() {
    #expect(SpecVersion.current == SpecVersion.allCases.max())
    #expect(SpecVersion.implied == SpecVersion.allCases.min())
  }

  @Test("other versions are unknown", arguments: ["", "1", "1.0", "1.0.1", "1.1.0 ", "v1.0.0", "1.2.0", "0.5.0"])
  func unknown(text: String) {
    #expect(SpecVersion(rawValue: text) == nil)
  }
}
