// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Netlink
import OS

/// The attempts at a change of the ruleset. Each is computed anew from the kernel's state, because the kernel refuses a batch if
/// another program has changed the ruleset since that state was read.
package struct Attempts {
  /// An attempt takes far less time than the pauses between attempts grow to, so that one of several competing programs always
  /// succeeds.
  package static let limit: UInt32 = 300

  private var count: UInt32 = 0
  /// The attempts that failed with an error that may be permanent.
  private var doubtful = 0
  /// How often a change is attempted that fails with `ENOENT`.
  private let missingLimit: Int

  /// `ENOENT` is permanent if the kernel lacks a module, which it tries to load each time, and passes if another program has just
  /// removed the object.
  package init(missingLimit: Int = 5) { self.missingLimit = missingLimit }

  /// Pauses after a failed attempt, and returns whether to try again.
  package mutating func mayRepeat(after error: NetlinkError) -> Bool {
    count += 1
    doubtful += error.isTransient ? 0 : 1
    guard error.isTransient ? count < Self.limit : doubtful < limit(error) else { return false }
    // Elements that are about to expire are gone within about a millisecond; how long other programs go on changing the ruleset
    // is unknown.
    pause(microseconds: error.number == EAGAIN ? 1000 : .random(in: 0...min(count, 40) * 100))
    return true
  }

  private func limit(_ error: NetlinkError) -> Int {
    switch error.number {
    // Another program has added the same elements, or removed the table.
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
