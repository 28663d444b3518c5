// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct FieldTests {
  private let document: Field

  init() throws {
    let text = """
      {"runtimeConfig": {"PortMappings": [{"HostPort": 80}, {"hostPort": 81, "HOSTPORT": 82}, null]},
       "null": null, "empty": "", "text": "x", "yes": true, "no": false, "list": [], "deep": {"a": [[1]]}}
      """
    document = Field(try JSON(parsing: Array(text.utf8)))
  }

  @Test("a member is found whatever the case of its letters, the exact one first")
  func caseOfNames() throws {
    let mappings = try #require(try document["runtimeConfig"]["portMappings"].array())
    #expect(try mappings[0]["hostPort"].integer(in: 1...99) == 80)
    #expect(try mappings[1]["hostPort"].integer(in: 1...99) == 81)
    #expect(try mappings[1]["HOSTPORT"].integer(in: 1...99) == 82)
  }

  @Test("a path is spelled as the document spells it; what is missing, as it was asked for")
  func paths() throws {
    let mappings = try #require(try document["RUNTIMECONFIG"]["portMappings"].array())
    #expect(mappings[0]["hostPort"].path == "runtimeConfig.PortMappings[0].HostPort")
    #expect(mappings[1]["hostIP"].path == "runtimeConfig.PortMappings[1].hostIP")
    #expect(try document["deep"]["a"].array()?[0].array()?[0].path == "deep.a[0][0]")
    #expect(document["no"]["such"]["thing"].path == "no.such.thing")
    #expect(document.path.isEmpty)
  }

  @Test("null and what is missing are the same", arguments: ["null", "missing"])
  func missing(name: String) throws {
    let field = document[name]
    #expect(!field.isPresent)
    #expect(try field.object() == nil)
    #expect(try field.array() == nil)
    #expect(try field.string() == nil)
    #expect(try field.bool() == nil)
    #expect(try field.integer(in: 0...1) == nil)
    #expect(try field.unsigned(in: 0...1) == nil)
    #expect(!field["member"].isPresent)
  }

  @Test("the exact name wins even if its value is null")
  func exactNull() throws {
    let field = Field(try JSON(parsing: Array(#"{"a": null, "A": 1}"#.utf8)))
    #expect(!field["a"].isPresent)
  }

  @Test("an item of a list that is null is there as an item without value")
  func nullItem() throws {
    let mappings = try #require(try document["runtimeConfig"]["portMappings"].array())
    #expect(mappings.count == 3)
    #expect(!mappings[2].isPresent)
  }

  @Test("an empty text means that it is not set")
  func emptyText() throws {
    #expect(document["empty"].isPresent)
    #expect(try document["empty"].string() == nil)
    #expect(try document["text"].string() == "x")
  }

  @Test("true and false are read")
  func booleans() throws {
    #expect(try document["yes"].bool() == true)
    #expect(try document["no"].bool() == false)
  }

  @Test(
    "a number is read if it is whole and of the range",
    arguments: [
      ("1", 1), ("65535", 65_535), ("80.0", 80), ("8e1", 80), ("0", nil), ("65536", nil), ("-1", nil), ("1e300", nil),
      ("-1e300", nil), ("80.5", nil), ("9223372036854775807", nil), ("18446744073709551616", nil), (#""80""#, nil),
      ("true", nil),
      ("[80]", nil), ("{}", nil), (#""""#, nil),
    ] as [(String, Int?)])
  func integers(text: String, expected: Int?) throws {
    let value = try JSON(parsing: Array(#"{"port": \#(text)}"#.utf8))
    let field = Field(path: "x", value)["port"]
    if let expected {
      #expect(try field.integer(in: 1...65_535) == expected)
    } else {
      let error = #expect(throws: FieldError.self) { try field.integer(in: 1...65_535) }
      #expect(error?.path == "x.port")
      #expect(error?.reason == "expected a number between 1 and 65535, found \(field.value?.summary ?? "")")
    }
  }

  @Test(
    "a number that may take 64 bits without a sign is read if it is whole and of the range",
    arguments: [
      ("8", 8), ("8.0", 8), ("8e1", 80), ("9223372036854775807", 9_223_372_036_854_775_807),
      ("9223372036854775808", 9_223_372_036_854_775_808), ("9223372036854775808.0", 9_223_372_036_854_775_808),
      ("18446744073709549568", 18_446_744_073_709_549_568), ("18446744073709551615", .max),
      ("1e19", 10_000_000_000_000_000_000),
      ("7", nil), ("0", nil), ("-1", nil), ("-0.5", nil), ("8.5", nil), ("-9223372036854775809", nil), ("1e20", nil),
      ("1e300", nil), ("-1e300", nil), ("36893488147419103232", nil), (#""80""#, nil), ("true", nil), ("[80]", nil),
      ("{}", nil), (#""""#, nil),
    ] as [(String, UInt64?)])
  func unsigned(text: String, expected: UInt64?) throws {
    let field = Field(path: "x", try JSON(parsing: Array(#"{"rate": \#(text)}"#.utf8)))["rate"]
    if let expected {
      #expect(try field.unsigned(in: 8 ... .max) == expected)
    } else {
      let error = #expect(throws: FieldError.self) { try field.unsigned(in: 8 ... .max) }
      #expect(error?.path == "x.rate")
      let found = field.value?.summary ?? ""
      #expect(error?.reason == "expected a number between 8 and 18446744073709551615, found \(found)")
    }
  }

  @Test("a number without a sign is taken to the ends of its range and not beyond")
  func unsignedRange() throws {
    for (number, isInside) in [(9, false), (10, true), (20, true), (21, false)] as [(Int64, Bool)] {
      let field = Field(path: "x", .integer(number))
      if isInside {
        #expect(try field.unsigned(in: 10...20) == UInt64(number))
      } else {
        let expected = FieldError(path: "x", reason: "expected a number between 10 and 20, found \(number)")
        #expect(throws: expected) { try field.unsigned(in: 10...20) }
      }
    }
    #expect(try Field(.integer(0)).unsigned(in: 0...0) == 0)
  }

  @Test("beside a number of more than 63 bits others are read as they are")
  func unsignedBesideLarge() throws {
    let text = #"{"a": 18446744073709551615, "b": 9007199254740992, "c": 9007199254740993}"#
    let document = Field(try JSON(parsing: Array(text.utf8)))
    #expect(try document["a"].unsigned(in: 0 ... .max) == .max)
    #expect(try document["b"].unsigned(in: 0 ... .max) == 9_007_199_254_740_992)
    #expect(try document["c"].unsigned(in: 0 ... .max) == 9_007_199_254_740_993)
  }

  @Test("a value of another type is refused with its path, what was expected and what was found")
  func otherTypes() {
    let text = document["text"], yes = document["yes"]
    let expected = FieldError(path: "text", reason: #"expected an object, found "x""#)
    #expect(throws: expected) { try text.object() }
    #expect(throws: FieldError(path: "text", reason: #"expected a list, found "x""#)) { try text.array() }
    #expect(throws: FieldError(path: "text", reason: #"expected true or false, found "x""#)) { try text.bool() }
    #expect(throws: FieldError(path: "yes", reason: "expected a string, found true")) { try yes.string() }
    #expect(throws: FieldError(path: "yes", reason: "expected an object, found true")) { try yes.object() }
    #expect(throws: FieldError(path: "deep", reason: "expected a list, found an object")) {
      try document["deep"].array()
    }
  }

  @Test("an error begins with its path, if it has one")
  func errorText() {
    #expect("\(document["nothing"].expected("a name"))" == "nothing: expected a name, found nothing")
    #expect("\(FieldError(path: "", reason: "expected an object"))" == "expected an object")
  }
}
