// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension TunDevice {
  /// Whether SELinux is enabled on this host.
  package static var hasLabels: Bool { pathExists("/sys/fs/selinux/enforce") }

  /// Makes an interface as ``add(_:_:)`` does, with an SELinux label: the kernel gives it that of the process that makes it, and not that for
  /// new sockets (selinux_tun_dev_create in security/selinux/hooks.c). A child process takes the label, which it could not give back.
  package static func add(_ name: String, _ options: TunOptions, label: String) throws(SystemError) {
    try inChild("make the interface \(name) with the SELinux label \(label)") { () throws(SystemError) in
      try FileDescriptor.open("/proc/thread-self/attr/current", .write).writeAll(Array(label.utf8))
      try make(name, options)
    }
  }

  /// Runs `body`, which makes system calls only, in a child process, and throws the error number of what it throws.
  static func inChild(_ action: String, _ body: () throws(SystemError) -> Void) throws(SystemError) {
    let child = try systemCall(action) { cni_fork() }
    if child == 0 {
      do {
        try body()
        _exit(0)
      } catch {
        _exit(error.number & 0xff)
      }
    }
    var status: Int32 = 0
    try systemCall(action) { unsafe waitpid(child, &status, 0) }
    // WIFSIGNALED and WEXITSTATUS of wait(2); all error numbers fit into a status.
    if status & 0x7f != 0 { throw SystemError(action, number: EINTR) }
    let number = (status >> 8) & 0xff
    if number != 0 { throw SystemError(action, number: number) }
  }
}
