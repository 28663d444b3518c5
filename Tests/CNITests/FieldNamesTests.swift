// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@Suite struct FieldNamesTests {
  private func chain(_ name: String) throws -> String? { try Field(path: "chain", .string(name)).chainName() }

  @Test("a chain's name is read, and one that is missing or empty is none", arguments: ["A", "KUBE-MARK-MASQ", "ä"])
  func fine(name: String) throws {
    #expect(try chain(name) == name)
    let longest = String(repeating: "x", count: 28)
    #expect(try chain(longest) == longest)
    #expect(try chain("") == nil)
    #expect(try Field(path: "chain", nil).chainName() == nil)
  }

  @Test(
    "what the kernel or iptables would take for something else is refused with the field, the value and what is expected",
    arguments: [
      String(repeating: "x", count: 29), "a b", "a\n", "-A", "!A", "ACCEPT", "FORWARD", "POSTROUTING", "\u{7f}",
    ])
  func refused(name: String) {
    let expected = "expected the name of a chain, 1 to 28 bytes without white space"
    #expect(throws: FieldError(path: "chain", reason: "\(expected), found \"\(name)\"")) { try chain(name) }
    #expect(throws: FieldError(path: "chain", reason: "expected a string, found 5")) {
      try Field(path: "chain", .integer(5)).chainName()
    }
  }
}
