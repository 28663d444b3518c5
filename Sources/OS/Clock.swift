// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// In milliseconds, by a clock that nobody sets.
package func monotonicMilliseconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
