// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct JSONTests {
  @Test(
    "a value is summed up in a few words",
    arguments: [
      (.null, "null"), (.bool(true), "true"), (.integer(-3), "-3"), (.real(1e300), "1e+300"), (.string("80"), #""80""#),
      (.string(String(repeating: "x", count: 40)), #""\#(String(repeating: "x", count: 40))""#),
      (.string(String(repeating: "x", count: 41)), #""\#(String(repeating: "x", count: 40))…""#),
      (.array([]), "a list"), (.object(JSONObject()), "an object"),
    ] as [(JSON, String)])
  func summary(value: JSON, expected: String) {
    #expect(value.summary == expected)
  }

  @Test("members stay in the order in which they came, and are changed in their place")
  func order() {
    var object = JSONObject(["b": .integer(1), "a": .integer(2), "c": .integer(3)])
    object["a"] = .integer(9)
    object["d"] = .null
    object["b"] = nil
    object["nothing"] = nil
    #expect(object == JSONObject(["a": .integer(9), "c": .integer(3), "d": .null]))
  }

  @Test("the exact name wins, then the last that differs only in case")
  func known() {
    let object = JSONObject(["HOSTPORT": .integer(1), "hostPort": .integer(2), "HostPort": .integer(3)])
    #expect(object.known("hostPort")?.value == .integer(2))
    #expect(object.known("hostport")?.value == .integer(3))
    #expect(object.known("hostPorts") == nil)
    #expect(object["hostport"] == nil)
  }

  @Test("taking a name removes all its spellings and answers the one that counted")
  func take() {
    var object = JSONObject(["IP": .integer(1), "x": .null, "ip": .integer(2), "Ip": .integer(3)])
    #expect(object.take("ip") == .integer(2))
    #expect(object == JSONObject(["x": .null]))
    #expect(object.take("ip") == nil)
  }

  @Test(
    "case is ignored for ASCII letters only",
    arguments: [
      ("hostPort", "HOSTPORT", true), ("cni.dev/x", "CNI.DEV/X", true), ("", "", true), ("a", "b", false),
      ("a", "aa", false),
      ("@", "`", false), ("[", "{", false), ("é", "É", false), ("ſ", "s", false),
    ])
  func ignoringCase(left: String, right: String, expected: Bool) {
    #expect(left.equalsIgnoringASCIICase(right) == expected)
    #expect(right.equalsIgnoringASCIICase(left) == expected)
  }
}
