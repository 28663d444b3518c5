// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import JSON

@Suite struct JSONParsingTests {
  private static func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  @Test(
    "a value of any kind is read",
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-7", .integer(-7)),
      ("80.0", .integer(80)), ("8.5", .real(8.5)), ("1e300", .real(1e300)), (#""80""#, .string("80")),
      ("[]", .array([])),
      ("{}", .object(JSONObject())), (#"[1,[null]]"#, .array([.integer(1), .array([.null])])),
      (#""\u00e9\ud83d\udc33\n""#, .string("é🐳\n")), ("\"é🐳\"", .string("é🐳")),
      (
        #"{"b":1,"a":{"z":2,"y":3}}"#,
        .object(
          JSONObject(["b": .integer(1), "a": .object(JSONObject(["z": .integer(2), "y": .integer(3)]))]))
      ),
    ] as [(String, JSON)])
  func kinds(text: String, value: JSON) throws {
    #expect(try Self.parse(text) == value)
  }

  @Test(
    "integers of 63 bits are exact", arguments: [.max, .min, 4_294_967_295, 34_359_738_359, (1 << 53) + 1] as [Int64])
  func exactIntegers(value: Int64) throws {
    #expect(try Self.parse("[\(value)]") == .array([.integer(value)]))
  }

  @Test("an integer that is larger does not cost the rest of the document")
  func largeIntegers() throws {
    let field = Field(try Self.parse(#"{"rate": 18446744073709551615, "low": -9223372036854775809, "port": 80}"#))
    #expect(field["rate"].value == .real(18_446_744_073_709_551_616))
    #expect(field["low"].value == .integer(.min))
    #expect(try field["port"].integer(in: 1...65_535) == 80)
  }

  @Test("an integer beside one that is larger stays what it is, and is printed so")
  func besideLargeInteger() throws {
    let value = try Self.parse("[18446744073709551615, 2, -1400]")
    #expect(value == .array([.real(18_446_744_073_709_551_616), .integer(2), .integer(-1400)]))
    #expect(String(decoding: value.text, as: UTF8.self).contains(" 2,"))
  }

  @Test("neighbours of an integer over 63 bits keep all their digits, and texts that look like one stay texts")
  func neighbours() throws {
    let text =
      #"{"18446744073709551616":9007199254740993,"a\"18446744073709551616":[-18446744073709551616,9223372036854775807]}"#
    let value = try Self.parse(text)
    guard case .object(let object) = value else { throw JSONSyntaxError(description: "no object") }
    #expect(object["18446744073709551616"] == .integer(9_007_199_254_740_993))
    #expect(object["a\"18446744073709551616"] == .array([.real(-18_446_744_073_709_551_616), .integer(.max)]))
    #expect(String(decoding: value.text, as: UTF8.self).contains("9007199254740993"))
  }

  @Test(
    "only integers over 63 bits are spelled anew",
    arguments: [
      ("9223372036854775808", "9223372036854775808e0"), ("9223372036854775807", "9223372036854775807"),
      ("-9223372036854775809", "-9223372036854775809e0"), ("-9223372036854775808", "-9223372036854775808"),
      ("18446744073709551615.0", "18446744073709551615.0"), ("18446744073709551615e1", "18446744073709551615e1"),
      (#""18446744073709551615""#, #""18446744073709551615""#),
      (#""\"18446744073709551615"#, #""\"18446744073709551615"#),
      (#""\\",18446744073709551615]"#, #""\\",18446744073709551615e0]"#), ("-", "-"), (#""\"#, #""\"#), ("", ""),
    ])
  func spelling(text: String, expected: String) {
    #expect(String(decoding: spellingLargeIntegersAsReals(Array(text.utf8)), as: UTF8.self) == expected)
  }

  @Test("what is wrong behind a large integer is still told")
  func brokenBehindLargeInteger() {
    let error = #expect(throws: JSONSyntaxError.self) { try Self.parse("[18446744073709551615,\n x]") }
    #expect(error?.description.hasPrefix("line 2, column 2: ") == true)
  }

  @Test("NUL may be in a string, and stays there")
  func nul() throws {
    #expect(try Self.parse(#"["a\u0000b"]"#) == .array([.string("a\0b")]))
  }

  @Test("of two members with one name the last counts")
  func duplicates() throws {
    #expect(try Self.parse(#"{"a":1,"b":2,"a":3}"#) == .object(JSONObject(["a": .integer(3), "b": .integer(2)])))
  }

  @Test(
    "two members of one name in one object are refused where names must be unique",
    arguments: [
      #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"a":1}"#, #"[{"x":{"a":1,"a":null}}]"#, #"{"a":1,"\u0061":2}"#,
      #"{"n":18446744073709551615,"a":1,"a":2}"#,
    ])
  func uniqueNames(text: String) throws {
    let error = #expect(throws: JSONSyntaxError.self) { try JSON.requireUniqueNames(Array(text.utf8)) }
    #expect(error?.description.hasPrefix("line 1, column ") == true)
    #expect(error?.description.contains("duplicate object key") == true)
    #expect(throws: Never.self) { try Self.parse(text) }
  }

  @Test(
    "names that differ, or stand in different objects, are unique",
    arguments: [
      "{}", "7", #"{"a":1,"A":2}"#, #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":2}]"#, #"{"a":"a","b":"a"}"#,
      #"{"n":18446744073709551615,"a":1}"#,
    ])
  func differentNames(text: String) {
    #expect(throws: Never.self) { try JSON.requireUniqueNames(Array(text.utf8)) }
  }

  @Test("members that differ in case are two")
  func caseOfNames() throws {
    #expect(try Self.parse(#"{"A":1,"a":2}"#) == .object(JSONObject(["A": .integer(1), "a": .integer(2)])))
  }

  @Test(
    "a text that is not one JSON value is refused",
    arguments: [
      "", " ", "\n", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "+1", ".5", "1.", "0x10", "NaN",
      "Infinity",
      "nul", "True", "1 2", "{}{}", "// x\n{}", "\"", "\"\t\"", #""\x""#, #""\ud800""#, #""\udc00""#, "{\"a\" 1}",
      #"{"a\u0000b":1}"#, "1e999", "\u{feff}{}", "{}\0",
    ])
  func refused(text: String) {
    #expect(throws: JSONSyntaxError.self) { try Self.parse(text) }
  }

  @Test(
    "bytes that are no UTF-8 are refused",
    arguments: [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: [0x7b, 0x22] + bytes + Array(#"":1}"#.utf8)) }
  }

  @Test("an error says where the text is broken; nothing at all is said to be nothing")
  func errorText() {
    let broken = #expect(throws: JSONSyntaxError.self) { try Self.parse("{\n  \"a\": x}") }
    #expect(broken?.description.hasPrefix("line 2, column ") == true)
    let nothing = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: []) }
    #expect(nothing?.description == "no input")
  }

  @Test(
    "nesting is read to a depth that no configuration has, and refused beyond",
    arguments: [("[", "]"), (#"{"a":"#, "}")])
  func depth(open: String, close: String) throws {
    func nested(_ levels: Int) -> String {
      String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
    }
    #expect(try Self.parse(nested(2000)) != .null)
    for levels in [2049, 10_000, 200_000] {
      #expect(throws: JSONSyntaxError.self) { try Self.parse(nested(levels)) }
    }
  }
}
