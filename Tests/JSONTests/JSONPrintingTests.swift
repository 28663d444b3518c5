// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct JSONPrintingTests {
  private static func printed(_ value: JSON) -> String { String(decoding: value.text, as: UTF8.self) }

  @Test("a document is printed indented by four, in its order, with a line feed at the end")
  func golden() throws {
    let text = #"{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/16","interface":2}],"dns":{},"a.b/c":[null,true]}"#
    #expect(
      Self.printed(try JSON(parsing: Array(text.utf8))) == """
        {
            "cniVersion": "1.0.0",
            "ips": [
                {
                    "address": "10.1.0.5/16",
                    "interface": 2
                }
            ],
            "dns": {},
            "a.b/c": [
                null,
                true
            ]
        }

        """)
  }

  @Test(
    "a value of any kind is printed, and read again as it was",
    arguments: [
      .null, .bool(false), .integer(.max), .integer(.min), .real(0.1), .real(1e300), .real(-80.5), .string(""),
      .string("a\0b"), .string("\"\\/\u{1}\n\u{2028}é🐳"), .array([]), .array([.array([.null])]),
      .object(JSONObject()),
      .object(JSONObject(["": .null, "é\"\\\n": .string("x"), "a": .integer(1), "A": .integer(2)])),
    ] as [JSON])
  func roundTrip(value: JSON) throws {
    #expect(try JSON(parsing: value.text) == value)
  }

  @Test("a number that JSON does not have becomes zero", arguments: [.nan, .infinity, -.infinity] as [Double])
  func notFinite(value: Double) throws {
    #expect(try JSON(parsing: JSON.array([.real(value)]).text) == .array([.integer(0)]))
  }

  @Test("what was nested as deep as can be read is printed whole")
  func deep() throws {
    let text = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
    let value = try JSON(parsing: Array(text.utf8))
    #expect(value.text.count { $0 == UInt8(ascii: "[") } == 2000)
  }
}
