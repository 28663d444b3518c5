// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct MemberReaderTests {
  private static func reader(_ text: String) throws -> MemberReader? {
    try MemberReader(Field(path: "x", try JSON(parsing: Array(text.utf8))))
  }

  @Test("what was taken is gone in every spelling, and the rest keeps its order")
  func rest() throws {
    var reader = try #require(try Self.reader(#"{"b": 1, "Name": "n", "NAME": "m", "a": null}"#))
    let name = reader.take("name")
    #expect(name.path == "x.NAME")
    #expect(try name.string() == "m")
    #expect(!reader.take("name").isPresent)
    #expect(reader.rest.members.map(\.name) == ["b", "a"])
  }

  @Test("a missing member has the path that it would have")
  func missing() throws {
    var reader = try #require(try Self.reader("{}"))
    #expect(reader.take("name").path == "x.name")
  }

  @Test("a missing object is nil, and anything else is an error")
  func kinds() throws {
    #expect(try Self.reader("null") == nil)
    let error = #expect(throws: FieldError.self) { try Self.reader("5") }
    #expect(error?.description == "x: expected an object, found 5")
  }
}
