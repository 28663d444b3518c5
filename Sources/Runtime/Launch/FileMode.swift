// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// Lets everybody read a file.
package func makeReadable(_ path: String) throws(SystemError) {
  try systemCall("change the mode of \(path)") { unsafe chmod(path, 0o644) }
}
