// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// What an attribute of an object of libnftnl should be; numbers are in host byte order there.
enum FieldValue: Equatable, Sendable {
  case byte(UInt8)
  case number(UInt32)
  case long(UInt64)
  case text(String)
  case bytes([UInt8])

  /// As libnftnl keeps it.
  var bytes: [UInt8] {
    func native<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    return switch self {
    case .byte(let value): [value]
    case .number(let value): native(value)
    case .long(let value): native(value)
    case .text(let value): Array(value.utf8) + [0]
    case .bytes(let value): value
    }
  }
}

/// Attributes by their numbers.
typealias Fields = [Int: FieldValue]

/// What was found but not meant, or meant but not found, a line for each attribute; empty if all is the same.
func differences(_ found: [Int: [UInt8]], _ meant: Fields) -> [String] {
  Set(found.keys).union(meant.keys).sorted().compactMap { attribute in
    var value = found[attribute]
    // libnftnl counts the NUL behind some texts and not behind others, and gives fields of a fixed length with all of it.
    if case .text? = meant[attribute], let read = value, read.drop(while: { $0 != 0 }).allSatisfy({ $0 == 0 }) {
      value = read.prefix { $0 != 0 } + [0]
    }
    if value == meant[attribute]?.bytes { return nil }
    let (read, expected) = (value.map { "\($0)" }, meant[attribute].map { "\($0)" })
    return "attribute \(attribute) is \(read ?? "missing"), and should be \(expected ?? "missing")"
  }
}

extension RawRepresentable<UInt32> {
  /// The number of an attribute.
  var number: Int { Int(rawValue) }
}
