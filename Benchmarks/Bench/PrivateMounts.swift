// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import TestSupport

/// Mounts that only this process and what it starts can see.
enum PrivateMounts {
  /// Where plugins keep their files, in memory as on a node.
  static let folder = "/run/swift-cni-bench"

  /// Gives this process an empty /run, in which there is also no lock and no firewall of the machine.
  static func make() throws {
    // CLONE_NEWNS of linux/sched.h.
    if unshare(0x0002_0000) != 0 { throw Failure("no mount namespace can be made: errno \(errno)") }
    for words in [["--make-rprivate", "/"], ["-t", "tmpfs", "tmpfs", "/run"]] {
      _ = try Program("mount").run(words).succeeded("mount \(words.joined(separator: " "))")
    }
    if mkdir(folder, 0o755) != 0 { throw Failure("the folder \(folder) cannot be made: errno \(errno)") }
  }
}
