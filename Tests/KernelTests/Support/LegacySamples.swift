// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import IPTables
import JSON
import OS

/// The rules of the fixtures of IPTablesTests, as iptables-save prints them.
enum LegacySamples {
  static func rules(_ table: IPTable) throws -> [String] {
    let folder = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    let text = try FileDescriptor.open("\(folder)/Fixtures/iptables-rules.jsonl").readAll()
    return try text.split(separator: 0x0a).compactMap { line in
      let field = Field(try JSON(parsing: Array(line)))
      let family = table.family == .ip ? "ip" : "ip6"
      guard try field["family"].string() == family, try field["table"].string() == table.name.rawValue else {
        return nil
      }
      return try field["rule"].string()
    }
  }

  /// The words of a rule, of which some are in quotation marks.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    for (index, part) in text.replacing("\\\"", with: "\u{1}").split(separator: "\"", omittingEmptySubsequences: false)
      .enumerated()
    {
      let part = part.replacing("\u{1}", with: "\"")
      // Every second part was in quotation marks.
      words += index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
    }
    return words
  }
}
