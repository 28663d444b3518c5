// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension JSON {
  /// This value as Go's encoder writes it, without a line feed at the end: in one line, or with an indentation in several. libcni writes
  /// the members of an object sorted by name; `isSorted` false keeps their order.
  package func goText(isSorted: Bool = true, indentation: Int = 0) -> [UInt8] {
    var writer = GoWriter(isSorted: isSorted, indentation: indentation)
    writer.write(self)
    return writer.bytes
  }
}

/// Writes JSON with the escapes and numbers of Go's encoding/json.
private struct GoWriter {
  let isSorted: Bool
  let indentation: Int
  private(set) var bytes: [UInt8] = []
  private var depth = 0

  init(isSorted: Bool, indentation: Int) {
    self.isSorted = isSorted
    self.indentation = indentation
  }

  mutating func write(_ value: JSON) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += String(value).utf8
    case .real(let value): bytes += goText(of: value).utf8
    case .string(let text): write(text)
    case .array(let items):
      begin("[")
      for (index, item) in items.enumerated() {
        beginItem(index)
        write(item)
      }
      end("]", items.isEmpty)
    case .object(let object):
      begin("{")
      for (index, member) in members(object).enumerated() {
        beginItem(index)
        write(member.name)
        bytes += (indentation > 0 ? ": " : ":").utf8
        write(member.value)
      }
      end("}", object.members.isEmpty)
    }
  }

  private func members(_ object: JSONObject) -> [JSONObject.Member] {
    guard isSorted else { return object.members }
    return object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private mutating func begin(_ bracket: String) {
    bytes += bracket.utf8
    depth += 1
  }

  private mutating func beginItem(_ index: Int) {
    if index > 0 { bytes += ",".utf8 }
    beginLine()
  }

  private mutating func end(_ bracket: String, _ isEmpty: Bool) {
    depth -= 1
    if !isEmpty { beginLine() }
    bytes += bracket.utf8
  }

  private mutating func beginLine() {
    if indentation == 0 { return }
    bytes += "\n".utf8
    bytes += [UInt8](repeating: 0x20, count: depth * indentation)
  }

  /// Go escapes what HTML or JavaScript would read as something else.
  private mutating func write(_ text: String) {
    bytes += "\"".utf8
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += #"\""#.utf8
      case "\\": bytes += #"\\"#.utf8
      case "\u{8}": bytes += #"\b"#.utf8
      case "\u{c}": bytes += #"\f"#.utf8
      case "\n": bytes += #"\n"#.utf8
      case "\r": bytes += #"\r"#.utf8
      case "\t": bytes += #"\t"#.utf8
      case "\0"..."\u{1f}", "<", ">", "&", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        bytes += (#"\u"# + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
      default: bytes += String(scalar).utf8
      }
    }
    bytes += "\"".utf8
  }
}

/// The shortest digits of a number: in full between 10⁻⁶ and 10²¹, else with an exponent.
private func goText(of number: Double) -> String {
  guard number.isFinite else { return "0" }
  let shortest = "\(number.magnitude)"
  let parts = shortest.split(separator: "e").map(String.init)
  let mantissa = parts[0].split(separator: ".").map(String.init)
  let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
  var digits = Array((mantissa[0] + fraction).utf8)
  /// The place of the decimal point in `digits`.
  var point = mantissa[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
  while digits.count > 1, digits.first == UInt8(ascii: "0") {
    digits.removeFirst()
    point -= 1
  }
  while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
  let sign = number < 0 ? "-" : ""
  func text(_ part: some Sequence<UInt8>) -> String { String(decoding: Array(part), as: UTF8.self) }
  if number != 0, number.magnitude < 1e-6 || number.magnitude >= 1e21 {
    let exponent = point - 1
    let rest = digits.count > 1 ? "." + text(digits.dropFirst()) : ""
    return sign + text(digits.prefix(1)) + rest + "e" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
  }
  if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + text(digits) }
  if digits.count <= point { return sign + text(digits) + String(repeating: "0", count: point - digits.count) }
  return sign + text(digits.prefix(point)) + "." + text(digits.dropFirst(point))
}
