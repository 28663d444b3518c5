// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct CNIArgumentsTests {
  @Test(
    "pairs are read, with all that follows the first equals sign",
    arguments: [
      ("", [:]), (";;", [:]), ("IP=1", ["IP": "1"]), ("IP=1;MAC=;", ["IP": "1", "MAC": ""]), ("IP=b=c", ["IP": "b=c"]),
      ("GATEWAY=192.0.2.1;IP=192.0.2.2", ["GATEWAY": "192.0.2.1", "IP": "192.0.2.2"]), ("K8S_X=", ["K8S_X": ""]),
      (
        "IgnoreUnknown=1;K8S_POD_NAME=web;MAC=02:00:00:00:00:01",
        ["IgnoreUnknown": "1", "K8S_POD_NAME": "web", "MAC": "02:00:00:00:00:01"]
      ),
    ] as [(String, [String: String])])
  func pairs(text: String, values: [String: String]) throws {
    #expect(try CNIArguments(text).values == values)
  }

  private static let known = "expected KEY=value with a key out of IP, MAC, GATEWAY, IgnoreUnknown and K8S_*"

  @Test("an item that is no pair is code 4 and named", arguments: ["IP", "=1", "=", "MAC=1;B", "MAC=1; "])
  func broken(text: String) throws {
    let item = text.split(separator: ";").last ?? ""
    let message = "CNI_ARGS: \(Self.known), found \"\(item)\" (and no IgnoreUnknown=1)"
    #expect(throws: CNIError(.badEnvironment, message)) { try CNIArguments(text) }
  }

  @Test("unknown arguments are code 4 and all named")
  func unknown() throws {
    let message = "CNI_ARGS: \(Self.known), found \"B=1\", \"A=2\" (and no IgnoreUnknown=1)"
    #expect(throws: CNIError(.badEnvironment, message)) { try CNIArguments("B=1;MAC=x;A=2") }
  }

  @Test(
    "unknown arguments, and the rest of a value with a semicolon, may be ignored",
    arguments: ["1", "true", "True", "TRUE"])
  func ignored(value: String) throws {
    let arguments = try CNIArguments("A=1;LABELS=a=b;c;MAC=x;IgnoreUnknown=\(value)")
    #expect(arguments.values == ["MAC": "x", "IgnoreUnknown": value])
  }

  @Test("other values of IgnoreUnknown do not allow them", arguments: ["0", "false", "", "yes"])
  func notIgnored(value: String) throws {
    #expect(throws: CNIError.self) { try CNIArguments("A=1;IgnoreUnknown=\(value)") }
  }

  @Test("without ADD's strictness what is unknown is passed over; of one key the last value counts")
  func lenient() {
    let arguments = CNIArguments(lenient: "A=1;b;IP=x;IP=y")
    #expect(arguments.values == ["IP": "y"])
    #expect(arguments["IP"] == "y")
    #expect(arguments["A"] == nil)
  }
}
