// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import Netlink

/// What a message says: its header without length and sequence, its fixed part, and its attributes whatever their order.
struct Saying: Equatable {
  let header: [UInt8]
  let fixed: [UInt8]
  let attributes: [[Int]: [UInt8]]

  /// Takes the length of the fixed part, and the attributes that hold others. Texts may end with a NUL or not.
  init(_ bytes: [UInt8], fixed count: Int, nested: Set<[Int]> = [], texts: Set<[Int]> = []) {
    header = Array(bytes[4..<8])
    fixed = Array(bytes[16..<16 + count])
    attributes = Dictionary(
      uniqueKeysWithValues: leaves(bytes[(16 + count)...], nested: nested).map { path, value in
        (path, texts.contains(path) && value.last == 0 ? Array(value.dropLast()) : value)
      })
  }

  static let linkNesting: Set<[Int]> = [[18], [18, 2], [18, 5], [52]]
  static let linkTexts: Set<[Int]> = [[3], [18, 1], [18, 4], [20]]

  /// A message about a link, with the peer of a veth as attributes of `[18, 2, 1, 0]`.
  static func link(_ bytes: [UInt8]) -> Saying {
    Saying(bytes, fixed: 16, nested: linkNesting, texts: linkTexts)
  }
}

/// Expects that two messages say the same.
func expectSame(
  _ message: NetlinkMessage, _ recording: Recording, fixed: Int, nested: Set<[Int]> = [],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let (ours, theirs) = (
    Saying(message.bytes(sequence: 0), fixed: fixed, nested: nested),
    Saying(recording.bytes, fixed: fixed, nested: nested)
  )
  #expect(ours == theirs, sourceLocation: sourceLocation)
}
