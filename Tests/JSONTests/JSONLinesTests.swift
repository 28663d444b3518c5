// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Testing

@Suite struct JSONLinesTests {
  private static let text = """
    {
      "name": "n",
      "a.b": {"c":
        1},
      "esc\\"aped": "}]{[,",
      "plugins": [
        {"type": "bridge", "deep": [[1,
          2], "]"]},

        {
          "type": "portmap",
          "capabilities": {
            "portMappings": true
          }
        }
      ],
      "name": "again"
    }
    """

  @Test(
    "a field is found in its line, and one that is missing in that of what lacks it",
    arguments: [
      ("", 1), ("name", 17), ("a.b", 3), ("a.b.c", 3), ("plugins", 6), ("plugins[0]", 7), ("plugins[0].type", 7),
      ("plugins[0].deep[0][1]", 8), ("plugins[0].deep[1]", 8), ("plugins[1]", 10), ("plugins[1].type", 11),
      ("plugins[1].capabilities.portMappings", 13), ("plugins[1].ipam.type", 10), ("plugins[7]", 6), ("missing", 1),
      ("name.sub", 17), ("plugins.type", 6), ("plugins[x]", 6),
    ])
  func line(field: String, expected: Int) {
    #expect(JSON.line(ofField: field, in: Array(Self.text.utf8)) == expected)
  }

  @Test("a text that is cut off or empty does no harm")
  func broken() {
    let bytes = Array(Self.text.utf8)
    for count in 0...bytes.count {
      #expect((1...17).contains(JSON.line(ofField: "plugins[1].capabilities.x", in: Array(bytes.prefix(count)))))
    }
  }

  @Test("a syntax error tells its line")
  func syntax() {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: Array("{\n\n x".utf8)) }
    do {
      _ = try JSON(parsing: Array("{\n\n x".utf8))
    } catch {
      #expect(error.line == 3)
    }
  }
}
