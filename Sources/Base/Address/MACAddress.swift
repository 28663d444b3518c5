// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// The hardware address of an Ethernet interface.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
  /// Six bytes, in the order of transmission.
  package let bytes: [UInt8]

  package init?(bytes: [UInt8]) {
    guard bytes.count == 6 else { return nil }
    self.bytes = bytes
  }

  /// A random unicast address that is locally administered (IEEE 802, the second bit of the first byte), as the kernel makes them.
  package static func random() -> MACAddress {
    let number = UInt64.random(in: 0 ... .max)
    let first = UInt8(truncatingIfNeeded: number) & ~1 | 2
    return MACAddress(first, (1..<6).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) })
  }

  private init(_ first: UInt8, _ rest: [UInt8]) { bytes = [first] + rest }

  /// Parses six pairs of hexadecimal digits in any case, with colons or hyphens between them, or three groups of four with dots.
  package init?(_ text: String) {
    let separator: Character = text.contains { $0 == "." } ? "." : text.contains { $0 == "-" } ? "-" : ":"
    let (count, length) = separator == "." ? (3, 4) : (6, 2)
    let groups = text.split(separator: separator, omittingEmptySubsequences: false)
    guard groups.count == count, groups.allSatisfy({ $0.utf8.count == length && $0.allSatisfy(\.isHexDigit) }) else {
      return nil
    }
    let digits = text.filter { $0 != separator }.utf8
    self.init(
      bytes: (0..<6).compactMap {
        UInt8(String(decoding: digits.dropFirst($0 * 2).prefix(2), as: UTF8.self), radix: 16)
      })
  }

  package var description: String {
    joined(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }, by: ":")
  }

  /// Whether an interface can have it: it is neither a group address nor all zeros.
  package var isUnicast: Bool { bytes[0] & 1 == 0 && bytes.contains { $0 != 0 } }
}
