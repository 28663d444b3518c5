// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct FieldTextsTests {
  private enum Backend: String, CaseIterable { case nftables, iptables }

  private static func field(_ value: JSON?) -> Field { Field(path: "options.x", value) }

  @Test("one of several texts is read, and is none if it is missing, null or empty")
  func choice() throws {
    for backend in Backend.allCases {
      #expect(try Self.field(.string(backend.rawValue)).choice(Backend.self) == backend)
      #expect(try Self.field(.string(backend.rawValue)).choice(of: ["nftables", "iptables"]) == backend.rawValue)
    }
    for value in [nil, .null, .string("")] as [JSON?] { #expect(try Self.field(value).choice(Backend.self) == nil) }
  }

  @Test(
    "what is none of them is refused with the field, the choices and what was found",
    arguments: [
      (JSON.string("ipfw"), "\"ipfw\""), (.string("Iptables"), "\"Iptables\""), (.string("iptables "), "\"iptables \""),
    ])
  func otherChoice(value: JSON, found: String) {
    #expect(throws: FieldError(path: "options.x", reason: "expected one of nftables, iptables, found \(found)")) {
      try Self.field(value).choice(Backend.self)
    }
    #expect(throws: FieldError(path: "options.x", reason: "expected a string, found 1")) {
      try Self.field(.integer(1)).choice(Backend.self)
    }
  }

  @Test("a path must begin at the root")
  func absolutePath() throws {
    #expect(try Self.field(.string("/var/lib/cni")).absolutePath() == "/var/lib/cni")
    #expect(try Self.field(.string("")).absolutePath() == nil)
    for text in ["var", "./var", "../x", " /x", "~/x"] {
      #expect(throws: FieldError(path: "options.x", reason: "expected an absolute path, found \"\(text)\"")) {
        try Self.field(.string(text)).absolutePath()
      }
    }
    #expect(throws: FieldError.self) { try Self.field(.array([])).absolutePath() }
  }
}
