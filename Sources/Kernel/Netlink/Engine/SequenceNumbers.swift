// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Synchronization

private let nextNumber = Atomic<UInt32>(1)

/// The sequence numbers of requests that are sent together (RFC 3549, 2.2); the kernel puts a request's number into each reply
/// to it. No two requests of a process have the same, up to 2³² of them.
struct SequenceNumbers {
  private let first: UInt32
  private let count: Int

  /// Starts anywhere: the last number is followed by 0.
  init(first: UInt32, count: Int) {
    self.first = first
    self.count = count
  }

  /// So many numbers that nobody has used.
  static func next(_ count: Int) -> SequenceNumbers {
    let first = nextNumber.wrappingAdd(UInt32(truncatingIfNeeded: count), ordering: .relaxed).oldValue
    return SequenceNumbers(first: first, count: count)
  }

  /// The number of the request with this index.
  subscript(_ index: Int) -> UInt32 { first &+ UInt32(truncatingIfNeeded: index) }

  func contains(_ number: UInt32) -> Bool { number &- first < count }
}
