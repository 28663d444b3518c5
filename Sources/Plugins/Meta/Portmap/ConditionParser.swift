// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// Parses conditions in nft's syntax:
///
/// ```
/// ip|ip6 saddr|daddr [!=] ADDRESS | PREFIX | { ADDRESS, PREFIX, … }
/// [meta] iifname [!=] NAME | NAME*
/// tcp|udp|sctp sport [!=] PORT | PORT-PORT | { PORT, PORT-PORT, … }
/// meta mark [& MASK] [==|!=] VALUE
/// ```
struct ConditionParser {
  private struct Token {
    let text: String
    /// The path of the list item that the word is in.
    let path: String
  }

  private let family: AddressFamily
  private var tokens: ArraySlice<Token>
  /// The path for errors at the end of the input.
  private let path: String

  /// The conditions in a list of texts, which are parsed as one expression; none if the field is missing.
  static func parse(_ field: Field, _ family: AddressFamily) throws(FieldError) -> [Condition] {
    var tokens: [Token] = []
    for item in try field.array() ?? [] {
      tokens += split(try item.string() ?? "").map { Token(text: $0, path: item.path) }
    }
    var parser = ConditionParser(family: family, tokens: tokens[...], path: field.path)
    var conditions: [Condition] = []
    while !parser.tokens.isEmpty { conditions.append(try parser.condition()) }
    return conditions
  }

  private mutating func condition() throws(FieldError) -> Condition {
    let keyword = try next("a condition")
    switch keyword.text {
    case "ip", "ip6":
      let own = family == .ip ? "ip" : "ip6"
      if keyword.text != own { throw Self.unexpected(keyword, own) }
      return try addressCondition()
    case "tcp", "udp", "sctp":
      guard let transport = TransportProtocol(rawValue: keyword.text) else {
        throw Self.unexpected(keyword, "a protocol")
      }
      try skip("sport")
      let isNegated = relation()
      let ranges = try list { (token) throws(FieldError) in try Self.portRange(token) }
      return Condition(.sourcePort(transport, ranges), isNegated: isNegated)
    case "iifname": return try interfaceCondition()
    case "meta":
      let key = try next("mark or iifname")
      switch key.text {
      case "mark": return try markCondition()
      case "iifname": return try interfaceCondition()
      default: throw Self.unexpected(key, "mark or iifname")
      }
    default: throw Self.unexpected(keyword, "ip, ip6, iifname, tcp, udp, sctp or meta")
    }
  }

  private mutating func addressCondition() throws(FieldError) -> Condition {
    let side = try next("saddr or daddr")
    guard side.text == "saddr" || side.text == "daddr" else { throw Self.unexpected(side, "saddr or daddr") }
    let isNegated = relation()
    let family = family
    let prefixes = try list { (token) throws(FieldError) in
      guard let prefix = Prefix(addressOrPrefix: token.text), prefix.family == family else {
        throw Self.unexpected(token, "an \(family.title) address or prefix")
      }
      return prefix.network
    }
    return Condition(side.text == "saddr" ? .source(prefixes) : .destination(prefixes), isNegated: isNegated)
  }

  private mutating func interfaceCondition() throws(FieldError) -> Condition {
    let isNegated = relation()
    let token = try next("an interface name")
    let isPrefix = token.text.hasSuffix("*")
    let name = isPrefix ? String(token.text.dropLast()) : token.text
    guard isInterfaceName(name), !name.contains(where: { "*\\{},".contains($0) }) else {
      throw Self.unexpected(token, "an interface name, or the beginning of one with *")
    }
    return Condition(.inputInterface(name, isPrefix: isPrefix), isNegated: isNegated)
  }

  private mutating func markCondition() throws(FieldError) -> Condition {
    var mask = UInt32.max
    if let token = tokens.first, ["&", "and"].contains(token.text) {
      tokens.removeFirst()
      mask = try number()
    }
    let isNegated = relation()
    return Condition(.mark(value: try number(), mask: mask), isNegated: isNegated)
  }

  // MARK: - Words

  private mutating func next(_ expected: String) throws(FieldError) -> Token {
    guard let token = tokens.popFirst() else { throw FieldError(path: path, reason: "expected \(expected) at the end") }
    return token
  }

  private mutating func skip(_ word: String) throws(FieldError) {
    let token = try next(word)
    if token.text != word { throw Self.unexpected(token, word) }
  }

  /// Consumes a relation if one is next, and returns whether it negates.
  private mutating func relation() -> Bool {
    guard let token = tokens.first, ["==", "!=", "eq", "ne"].contains(token.text) else { return false }
    tokens.removeFirst()
    return token.text == "!=" || token.text == "ne"
  }

  /// One item, or several in braces with commas between them.
  private mutating func list<T>(_ item: (Token) throws(FieldError) -> T) throws(FieldError) -> [T] {
    let first = try next("a value")
    guard first.text == "{" else { return [try item(first)] }
    var items: [T] = []
    while true {
      items.append(try item(try next("a value")))
      let separator = try next(", or }")
      if separator.text == "}" { return items }
      if separator.text != "," { throw Self.unexpected(separator, ", or }") }
      if tokens.first?.text == "}" {
        tokens.removeFirst()
        return items
      }
    }
  }

  private mutating func number() throws(FieldError) -> UInt32 {
    let token = try next("a number")
    let text = token.text.lowercased()
    let number = text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
    // `UInt32` would accept a plus sign.
    guard let number, !text.contains(where: { $0 == "+" }) else { throw Self.unexpected(token, "a number of 32 bits") }
    return number
  }

  private static func portRange(_ token: Token) throws(FieldError) -> ClosedRange<UInt16> {
    let ends = token.text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0) }
    guard
      let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
      !token.text.contains(where: { $0 == "+" })
    else {
      throw Self.unexpected(token, "a port or a range of ports")
    }
    return first...last
  }

  private static func unexpected(_ token: Token, _ expected: String) -> FieldError {
    FieldError(path: token.path, reason: "expected \(expected), found \"\(token.text)\"")
  }

  /// Splits at white space, and before and after signs; drops quotation marks.
  private static func split(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    func isSign(_ character: Character) -> Bool { "{},&".contains(character) }
    func isRelation(_ character: Character) -> Bool { "!=".contains(character) }
    func isApart(_ character: Character, from last: Character) -> Bool {
      character.isWhitespace || isSign(character) || isSign(last) || isRelation(last) != isRelation(character)
    }
    for character in text where character != "\"" {
      if let last = word.last, isApart(character, from: last) {
        words.append(word)
        word = ""
      }
      if !character.isWhitespace { word.append(character) }
    }
    return word.isEmpty ? words : words + [word]
  }
}
