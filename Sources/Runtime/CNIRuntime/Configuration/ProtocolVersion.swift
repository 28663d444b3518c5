// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A version of the CNI specification as a configuration names it, which may be newer than any that this library knows.
struct ProtocolVersion: Comparable {
  private let numbers: [Int]

  /// The newest version that this library speaks.
  static let current = ProtocolVersion([1, 1, 0])
  static let firstWithCheck = ProtocolVersion([0, 4, 0])
  /// The first with GC and STATUS.
  static let firstWithGC = ProtocolVersion([1, 1, 0])

  private init(_ numbers: [Int]) { self.numbers = numbers }

  /// Parses up to three numbers; no text is version 0.1.0. Nil for anything else.
  init?(_ text: String) {
    if text.isEmpty {
      numbers = [0, 1, 0]
      return
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard parts.count <= 3, numbers.count == parts.count, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
    self.numbers = numbers + [Int](repeating: 0, count: 3 - numbers.count)
  }

  static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }
}
