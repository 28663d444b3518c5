// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import IPTables
import JSON
import OS
import Testing

/// A rule with its encodings by iptables 1.8.9. The fixtures were recorded with `strace -xx -e trace=sendmsg,setsockopt
/// iptables-nft -t nat -A CHAIN …`, and iptables-legacy the same.
struct GoldenRule: CustomTestStringConvertible, Sendable {
  let table: IPTable
  /// As iptables-save prints it.
  let text: String
  /// NFTA_RULE_EXPRESSIONS
  let expressions: [UInt8]
  /// NFTA_RULE_COMPAT
  let compat: [UInt8]
  /// struct ipt_entry or ip6t_entry, with its matches and its target.
  let entry: [UInt8]

  var family: AddressFamily { table.family }
  var testDescription: String { "\(family.title) \(text.prefix(100))" }

  static let all: [GoldenRule] = goldenLines("iptables-rules").compactMap { line in
    guard let table = IPTable.Name(rawValue: line("table")) else { return nil }
    return GoldenRule(
      table: IPTable(table, line("family") == "ip" ? .ip : .ip6), text: line("rule"),
      expressions: goldenBytes(line("nft")), compat: goldenBytes(line("compat")), entry: goldenBytes(line("legacy")))
  }

  var words: [String] { shellWords(text) }
}

/// The words of a rule; text in quotation marks, with backslashes before inner ones, is one word.
func shellWords(_ text: String) -> [String] {
  var words: [String] = []
  var word = ""
  var (isQuoted, isEscaped, isWord) = (false, false, false)
  for character in text {
    if isEscaped {
      word.append(character)
      isEscaped = false
    } else if character == "\\" {
      isEscaped = true
    } else if character == "\"" {
      isQuoted.toggle()
      isWord = true
    } else if character == " ", !isQuoted {
      if isWord || !word.isEmpty { words.append(word) }
      (word, isWord) = ("", false)
    } else {
      word.append(character)
    }
  }
  return isWord || !word.isEmpty ? words + [word] : words
}

/// The lines of a fixture, each as a function that returns the text of a member by its name.
func goldenLines(_ name: String) -> [(String) -> String] {
  let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
  let text = (try? FileDescriptor.open("\(folder)/Fixtures/\(name).jsonl").readAll()) ?? []
  return text.split(separator: 0x0a).compactMap { try? JSON(parsing: Array($0)) }.map { json in
    { ((try? Field(json)[$0].string()) ?? nil) ?? "" }
  }
}

/// Hexadecimal digits, with the number of zero bytes in brackets where there are many.
func goldenBytes(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  for part in text.split(separator: "[", omittingEmptySubsequences: false) {
    let sides = part.split(separator: "]", omittingEmptySubsequences: false)
    if sides.count == 2, let count = Int(sides[0]) { bytes += [UInt8](repeating: 0, count: count) }
    let digits = Array((sides.last ?? "").utf8)
    for index in stride(from: 0, to: digits.count - 1, by: 2) {
      bytes.append(UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0)
    }
  }
  return bytes
}
