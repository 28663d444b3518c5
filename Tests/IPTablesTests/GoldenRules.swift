// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import IPTables
import JSON
import OS
import Testing

/// A rule with what iptables 1.8.9 makes of it. The fixtures were taken with
/// `strace -xx -e trace=sendmsg,setsockopt iptables-nft -t nat -A CHAIN …`, and iptables-legacy the same.
struct GoldenRule: CustomTestStringConvertible, Sendable {
  let family: AddressFamily
  /// As iptables-save prints it.
  let text: String
  /// NFTA_RULE_EXPRESSIONS
  let expressions: [UInt8]
  /// NFTA_RULE_COMPAT
  let compat: [UInt8]
  /// struct ipt_entry or ip6t_entry, with its matches and its target.
  let entry: [UInt8]

  var testDescription: String { "\(family.title) \(text.prefix(100))" }

  static let all: [GoldenRule] = {
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
    let text = (try? FileDescriptor.open("\(folder)/Fixtures/iptables-rules.jsonl").readAll()) ?? []
    return text.split(separator: 0x0a).compactMap { GoldenRule(Array($0)) }
  }()

  private init?(_ line: [UInt8]) {
    guard let json = try? JSON(parsing: line) else { return nil }
    func string(_ name: String) -> String { ((try? Field(json)[name].string()) ?? nil) ?? "" }
    family = string("family") == "ip" ? .ip : .ip6
    text = string("rule")
    expressions = Self.bytes(string("nft"))
    compat = Self.bytes(string("compat"))
    entry = Self.bytes(string("legacy"))
  }

  /// Hexadecimal digits, with the number of zero bytes in brackets where there are many.
  private static func bytes(_ text: String) -> [UInt8] {
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

  /// The words of the rule: those in quotation marks are one, with backslashes before quotation marks in it.
  var words: [String] {
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
}
