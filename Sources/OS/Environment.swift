// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// The value of a variable of this process; nil if it is not set.
package func environmentVariable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

/// What this program was called as, without the folder: the end of `argv[0]`.
package var programName: String { unsafe String(cString: cni_program_name()) }

/// Waits at least so long, in microseconds.
package func pause(microseconds: UInt32) {
  usleep(microseconds)
}
