// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The variables of this process whose names begin so; the first of a name counts, as for getenv.
package func environmentVariables(prefix: String = "") -> [String: String] {
  var variables: [String: String] = [:]
  var entry = unsafe environ
  while let text = unsafe entry.pointee {
    unsafe entry += 1
    // Runtimes pass on their whole environment, of which a plugin needs a handful.
    if unsafe strncmp(text, prefix, prefix.utf8.count) != 0 { continue }
    let line = unsafe String(cString: text)
    guard let sign = line.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
    let name = String(line[..<sign])
    if variables[name] == nil { variables[name] = String(line[line.utf8.index(after: sign)...]) }
  }
  return variables
}

/// Waits at least so long, in microseconds.
package func pause(microseconds: UInt32) {
  usleep(microseconds)
}
