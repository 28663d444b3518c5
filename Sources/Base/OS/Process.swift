// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// What this program was called as, without the folder: the end of `argv[0]`.
package var invokedName: String { unsafe String(cString: cni_program_name()) }

/// Whether a path leads to the program that this process runs, by device and inode; false where that cannot be told.
package func isThisProgram(_ path: String) -> Bool {
  var own = stat()
  var other = stat()
  guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat(path, &other) == 0 else { return false }
  return own.st_dev == other.st_dev && own.st_ino == other.st_ino
}

/// Waits at least so long, in microseconds.
package func pause(microseconds: UInt32) {
  usleep(microseconds)
}
