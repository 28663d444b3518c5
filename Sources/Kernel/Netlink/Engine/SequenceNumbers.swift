// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Synchronization

private let nextNumber = Atomic<UInt32>(1)

/// The sequence numbers of requests that are sent together (RFC 3549, 2.2). The kernel copies a request's number into its replies. A
/// process reuses a number only after 2³² requests.
struct SequenceNumbers {
  private let first: UInt32
  private let count: Int

  /// `first` may be any number; 2³² − 1 is followed by 0.
  init(first: UInt32, count: Int) {
    self.first = first
    self.count = count
  }

  /// The next `count` unused numbers of this process.
  static func next(_ count: Int) -> SequenceNumbers {
    let first = nextNumber.wrappingAdd(UInt32(truncatingIfNeeded: count), ordering: .relaxed).oldValue
    return SequenceNumbers(first: first, count: count)
  }

  /// The number of the request at an index.
  subscript(_ index: Int) -> UInt32 { first &+ UInt32(truncatingIfNeeded: index) }

  func contains(_ number: UInt32) -> Bool { number &- first < count }
}
