// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct CNIArgumentsTests {
  @Test(
    "pairs are read, with all that follows the first equals sign",
    arguments: [
      ("", [:]), (";;", [:]), ("A=1", ["A": "1"]), ("A=1;B=;", ["A": "1", "B": ""]), ("A=b=c", ["A": "b=c"]),
      (
        "IgnoreUnknown=1;K8S_POD_NAME=web;MAC=02:00:00:00:00:01",
        ["IgnoreUnknown": "1", "K8S_POD_NAME": "web", "MAC": "02:00:00:00:00:01"]
      ),
    ] as [(String, [String: String])])
  func pairs(text: String, values: [String: String]) throws {
    #expect(try CNIArguments(text).values == values)
  }

  @Test("an item that is no pair is code 4 and named", arguments: ["A", "=1", "=", "A=1;B", "A=1; "])
  func broken(text: String) throws {
    let error = try #require(throws: CNIError.self) { try CNIArguments(text) }
    #expect(error.code == .badEnvironment)
    let item = text.split(separator: ";").last ?? ""
    #expect(error.message == "CNI_ARGS: expected KEY=value, found \"\(item)\"")
  }

  @Test("unknown arguments are code 4 and all named")
  func unknown() throws {
    let arguments = try CNIArguments("B=1;MAC=x;A=2")
    #expect(throws: CNIError(.badEnvironment, "CNI_ARGS: unknown: A, B (and no IgnoreUnknown=1)")) {
      try arguments.requireKnown(["MAC"])
    }
    try arguments.requireKnown(["MAC", "A", "B"])
  }

  @Test("unknown arguments may be ignored", arguments: ["1", "true", "True", "TRUE"])
  func ignored(value: String) throws {
    try CNIArguments("A=1;IgnoreUnknown=\(value)").requireKnown([])
  }

  @Test("other values of IgnoreUnknown do not allow them", arguments: ["0", "false", "", "yes"])
  func notIgnored(value: String) throws {
    let arguments = try CNIArguments("A=1;IgnoreUnknown=\(value)")
    #expect(throws: CNIError.self) { try arguments.requireKnown([]) }
  }
}
