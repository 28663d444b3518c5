// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension JSON {
  /// The line of a valid JSON text, counted from 1, in which the field with this path stands, such as `plugins[1].type`; for a field that
  /// is missing, the line of the value that lacks it.
  package static func line(ofField path: String, in text: [UInt8]) -> Int {
    var scanner = LineScanner(text: text)
    scanner.find(path[...])
    return 1 + text[..<scanner.found].count { $0 == UInt8(ascii: "\n") }
  }
}

/// Walks a valid JSON text to a field.
private struct LineScanner {
  let text: [UInt8]
  /// The beginning of the innermost value on the path, or of its name, that is there.
  private(set) var found = 0
  private var index = 0

  init(text: [UInt8]) { self.text = text }

  /// Goes into the value that begins here, as far as the path leads.
  mutating func find(_ path: Substring) {
    skipBlanks()
    if path.isEmpty { return }
    switch next {
    case UInt8(ascii: "{"): findMember(path.first == "." ? path.dropFirst() : path)
    case UInt8(ascii: "["): findItem(path)
    default: break
    }
  }

  private var next: UInt8? { index < text.count ? text[index] : nil }

  /// Names may have dots, so that a member is on the path if the path begins with its name; the last of several of one name counts.
  private mutating func findMember(_ path: Substring) {
    index += 1
    var best: (place: Int, value: Int, rest: Substring)?
    while true {
      skipBlanks()
      if next == UInt8(ascii: ",") {
        index += 1
        continue
      }
      guard next == UInt8(ascii: "\"") else { break }
      let place = index
      skipString()
      let name = String(decoding: text[(place + 1)..<max(place + 1, index - 1)], as: UTF8.self)
      skipBlanks()
      index += 1
      if path.hasPrefix(name) {
        let rest = path.dropFirst(name.count)
        if rest.isEmpty || rest.first == "." || rest.first == "[" { best = (place, index, rest) }
      }
      skipValue()
    }
    guard let best else { return }
    found = best.place
    index = best.value
    find(best.rest)
  }

  private mutating func findItem(_ path: Substring) {
    guard path.first == "[", let end = path.firstIndex(of: "]"), let wanted = Int(path.dropFirst()[..<end]) else {
      return
    }
    index += 1
    var number = 0
    while true {
      skipBlanks()
      guard let byte = next, byte != UInt8(ascii: "]") else { return }
      if byte == UInt8(ascii: ",") {
        index += 1
        continue
      }
      if number == wanted {
        found = index
        return find(path[path.index(after: end)...])
      }
      skipValue()
      number += 1
    }
  }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x0a, 0x0d, 0x09].contains(byte) { index += 1 }
  }

  private mutating func skipString() {
    index += 1
    while let byte = next, byte != UInt8(ascii: "\"") { index += byte == UInt8(ascii: "\\") ? 2 : 1 }
    index = min(index + 1, text.count)
  }

  /// Skips a value with all that is in it.
  private mutating func skipValue() {
    var depth = 0
    skipBlanks()
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""): skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return }
        depth -= 1
        index += 1
      case UInt8(ascii: ","):
        if depth == 0 { return }
        index += 1
      default: index += 1
      }
      if depth == 0, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { return }
    }
  }
}
