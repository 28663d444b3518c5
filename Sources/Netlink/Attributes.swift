// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The attributes of a message or of another attribute; of several with one type the last counts.
package struct Attributes: Sendable {
  private let list: AttributeList

  /// Reads attributes to the end, or to the first that is broken.
  package init(_ bytes: ArraySlice<UInt8>) { list = AttributeList(bytes) }

  package subscript(type: Int) -> ArraySlice<UInt8>? {
    // There are few, and looking through them takes less than a dictionary's making.
    var found: ArraySlice<UInt8>?
    for attribute in list where attribute.type == type { found = attribute.value }
    return found
  }

  /// The attributes within one; none if it is missing.
  package func nested(_ type: Int) -> Attributes { Attributes(self[type] ?? []) }
}

/// Attributes in their order, to the end or to the first that is broken.
package struct AttributeList: Sequence, IteratorProtocol, Sendable {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  package mutating func next() -> (type: Int, value: ArraySlice<UInt8>)? {
    guard
      let length = rest.integer(UInt16.self, at: 0).map(Int.init), length >= 4, length <= rest.count
    else { return nil }
    // The two highest bits say "nested" and "network byte order" (NLA_TYPE_MASK).
    let type = Int(rest.integer(UInt16.self, at: 2) ?? 0) & 0x3fff
    let value = rest.dropFirst(4).prefix(length - 4)
    rest = rest.dropFirst((length + 3) & ~3)
    return (type, value)
  }
}

extension ArraySlice<UInt8> {
  /// The integer in host byte order at an offset from the start; nil past the end.
  package func integer<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T? {
    let size = T.bitWidth / 8
    guard offset >= 0, count >= offset + size else { return nil }
    var value: T = 0
    for byte in dropFirst(offset).prefix(size).reversed() {
      value = (T.bitWidth > 8 ? value << 8 : 0) | T(truncatingIfNeeded: byte)
    }
    return value
  }

  /// The bytes before the first NUL as text.
  package var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
