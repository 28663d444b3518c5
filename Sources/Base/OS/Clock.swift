// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The time of CLOCK_MONOTONIC, in milliseconds.
package func monotonicMilliseconds() -> Int { monotonicMicroseconds() / 1000 }

/// The time of CLOCK_MONOTONIC, in microseconds.
package func monotonicMicroseconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// The time of day in UTC, to the millisecond, such as `2026-11-27T22:59:01.123Z` (RFC 3339).
package func timestamp() -> String {
  var time = timespec()
  unsafe clock_gettime(CLOCK_REALTIME, &time)
  var date = unsafe tm()
  unsafe gmtime_r(&time.tv_sec, &date)
  func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
  let day = unsafe [padded(Int(date.tm_year) + 1900, 4), padded(Int(date.tm_mon) + 1, 2), padded(Int(date.tm_mday), 2)]
  let hour = unsafe [date.tm_hour, date.tm_min, date.tm_sec].map { padded(Int($0), 2) }
  return "\(joined(day, by: "-"))T\(joined(hour, by: ":")).\(padded(time.tv_nsec / 1_000_000, 3))Z"
}
