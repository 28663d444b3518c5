// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The attributes of a message or of a nested attribute. If a type occurs more than once, the last one counts.
package struct Attributes: Sendable {
  private let list: AttributeList

  /// Reads attributes to the end or to the first malformed one.
  package init(_ bytes: ArraySlice<UInt8>) { list = AttributeList(bytes) }

  @inlinable package subscript(type: Int) -> ArraySlice<UInt8>? {
    // A linear search through a few attributes is faster than building a dictionary.
    var found: ArraySlice<UInt8>?
    for attribute in list where attribute.type == type { found = attribute.value }
    return found
  }

  /// The attributes nested in one; empty if it is missing.
  @inlinable package func nested(_ type: Int) -> Attributes { Attributes(self[type] ?? []) }
}

/// Attributes in order, to the end or to the first malformed one.
package struct AttributeList: Sequence, IteratorProtocol, Sendable {
  @usableFromInline var rest: ArraySlice<UInt8>

  @inlinable package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  @inlinable package mutating func next() -> (type: Int, value: ArraySlice<UInt8>)? {
    // Indices are several times faster than dropFirst and prefix, and a dump has thousands of attributes.
    guard rest.count >= 4 else { return nil }
    let start = rest.startIndex
    let length = Int(rest[start]) | Int(rest[start + 1]) << 8
    guard length >= 4, length <= rest.count else { return nil }
    // The two highest bits say "nested" and "network byte order" (NLA_TYPE_MASK).
    let type = (Int(rest[start + 2]) | Int(rest[start + 3]) << 8) & 0x3fff
    let value = rest[start + 4..<start + length]
    let padded = (length + 3) & ~3
    rest = rest[(padded < rest.count ? start + padded : rest.endIndex)...]
    return (type, value)
  }
}

extension ArraySlice<UInt8> {
  /// The integer in host byte order at an offset from the start; nil past the end. Inlinable, so that other modules call a
  /// specialized copy and not the generic function.
  @inlinable package func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) -> T? {
    guard offset >= 0, count - MemoryLayout<T>.size >= offset else { return nil }
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
  }

  /// Whether the first byte is not 0; nil if there is none.
  package var flag: Bool? { first.map { $0 != 0 } }

  /// The bytes before the first NUL as text.
  package var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
