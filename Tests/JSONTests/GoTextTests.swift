// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct GoTextTests {
  private func text(_ source: String, isSorted: Bool = true, indentation: Int = 0) throws -> String {
    let value = try JSON(parsing: Array(source.utf8))
    return String(decoding: value.goText(isSorted: isSorted, indentation: indentation), as: UTF8.self)
  }

  // The right sides are what Go prints: encoding/json sorts the keys of maps, and escapes for HTML.
  @Test(
    "a value is written in one line, sorted, with Go's escapes",
    arguments: [
      (#" { "b" : 1 , "a" : [ true , null , "x" ] } "#, #"{"a":[true,null,"x"],"b":1}"#),
      (#"{"é":1,"z":2,"Z":3,"a.b":4,"":5}"#, #"{"":5,"Z":3,"a.b":4,"z":2,"é":1}"#),
      (#"{"b":{"d":1,"c":2},"a":[{"y":1,"x":2}]}"#, #"{"a":[{"x":2,"y":1}],"b":{"c":2,"d":1}}"#),
      (#"["<a href='x'>&</a>"]"#, #"["\u003ca href='x'\u003e\u0026\u003c/a\u003e"]"#),
      (
        #"["\u0001\u001f\b\f\n\r\t\"\\\/\u007f\u2028\u2029"]"#,
        "[\"\\u0001\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\u{7f}\\u2028\\u2029\"]"
      ),
      (#"["\ud83d\udc33 e\u0301"]"#, "[\"🐳 e\u{301}\"]"),
      ("[[],{}]", "[[],{}]"),
    ])
  func golden(source: String, expected: String) throws {
    #expect(try text(source) == expected)
  }

  // What Go's encoder prints for a float64; integers keep all their digits, which Go's would lose beyond 2⁵³.
  @Test(
    "numbers have the digits of Go's encoder",
    arguments: [
      ("0", "0"), ("-1", "-1"), ("9223372036854775807", "9223372036854775807"), ("1.0", "1"), ("0.5", "0.5"),
      ("-80.25", "-80.25"), ("1e20", "100000000000000000000"), ("18446744073709551615", "18446744073709552000"),
      ("1e21", "1e+21"), ("1.5e300", "1.5e+300"), ("0.000001", "0.000001"), ("0.00000012", "1.2e-7"), ("1e-7", "1e-7"),
      ("123456.789", "123456.789"), ("-1.25e-10", "-1.25e-10"),
    ])
  func numbers(source: String, expected: String) throws {
    #expect(try text("[\(source)]") == "[\(expected)]")
  }

  @Test("with an indentation each member has a line, and what is empty has none")
  func indented() throws {
    let expected = """
      {
          "a": [
              1,
              {}
          ],
          "b": []
      }
      """
    #expect(try text(#"{"b":[],"a":[1,{}]}"#, indentation: 4) == expected)
  }

  @Test("members keep their order if they are not to be sorted")
  func unsorted() throws {
    #expect(try text(#"{"b":1,"a":{"d":1,"c":2}}"#, isSorted: false) == #"{"b":1,"a":{"d":1,"c":2}}"#)
  }
}
