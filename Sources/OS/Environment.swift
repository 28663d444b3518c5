// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The variables of this process; the first of a name counts, as for getenv.
package func environmentVariables() -> [String: String] {
  var variables: [String: String] = [:]
  var entry = unsafe environ
  while let text = unsafe entry.pointee {
    let parts = unsafe String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, variables[String(parts[0])] == nil { variables[String(parts[0])] = String(parts[1]) }
    unsafe entry += 1
  }
  return variables
}

/// Waits at least so long, in microseconds.
package func pause(microseconds: UInt32) {
  usleep(microseconds)
}
