// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// The last component of `argv[0]`.
package var invokedName: String { unsafe String(cString: cni_program_name()) }

/// Whether a path is this process's program, by device and inode; false if that cannot be determined.
package func isThisProgram(_ path: String) -> Bool {
  var own = stat()
  var other = stat()
  guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat(path, &other) == 0 else { return false }
  return own.st_dev == other.st_dev && own.st_ino == other.st_ino
}

/// Sleeps for at least this time.
package func pause(microseconds: UInt32) {
  usleep(microseconds)
}

/// When a process started, in hundredths of a second since the boot (the twenty-second field of proc_pid_stat(5)); nil if there is none. With
/// it a process is told from a later one that has its ID.
package func startTime(ofProcess process: Int) -> Int? {
  guard let bytes = try? FileDescriptor.open("/proc/\(process)/stat").readAll() else { return nil }
  // The second field is the name in parentheses, which can hold any character.
  let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
  return fields.count > 19 ? Int(fields[19]) : nil
}

/// The words of this process's command line, as bytes; nil if there is no /proc.
package func processWords() -> [[UInt8]]? {
  guard let text = try? FileDescriptor.open("/proc/self/cmdline").readAll() else { return nil }
  // Each word ends with a NUL.
  return text.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
}
