// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Netlink
import OS

/// The attempts at a change of the ruleset, each of which is computed anew from what the kernel has: anybody may change it at any
/// time, and then the kernel refuses a batch that was computed from what was there before.
package struct Attempts {
  /// Each attempt takes far less than the pauses between them grow to, so somebody always gets through.
  package static let limit: UInt32 = 300

  private var count: UInt32 = 0
  /// The attempts that failed as they would if they were to fail for good.
  private var doubtful = 0
  /// How often a change may be attempted that the kernel refuses because something is missing.
  private let missingLimit: Int

  /// Something is missing for ever if the kernel lacks it, and looks for a module each time; or for a moment if somebody was faster.
  package init(missingLimit: Int = 5) { self.missingLimit = missingLimit }

  /// Pauses after an attempt that failed, and returns whether there is to be another.
  package mutating func mayRepeat(after error: NetlinkError) -> Bool {
    count += 1
    doubtful += error.isTransient ? 0 : 1
    guard error.isTransient ? count < Self.limit : doubtful < limit(error) else { return false }
    // Elements that are about to expire are gone in a millisecond or some; of others that change the ruleset nobody knows.
    pause(microseconds: error.number == EAGAIN ? 1000 : .random(in: 0...min(count, 40) * 100))
    return true
  }

  private func limit(_ error: NetlinkError) -> Int {
    switch error.number {
    // Somebody was faster with the same elements, or removed the table.
    case EEXIST: 50
    case ENOENT: missingLimit
    default: 1
    }
  }
}

extension NetlinkError {
  /// Whether the same change may succeed if it is computed anew from what the kernel has now: `ERESTART` says that the
  /// generation has passed.
  package var isTransient: Bool { [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS].contains(number) }
}
