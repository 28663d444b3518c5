// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A command that was started, a child of this process.
package struct RunningCommand: Sendable {
  package let pid: pid_t

  /// Waits until it has ended, and passes on the signals that other processes send this one. Returns its exit status, or 128 and the number
  /// of the signal that ended it.
  package func wait(forwarding signals: SignalQueue) throws(SystemError) -> Int32 {
    let file = FileDescriptor(owning: cni_pidfd_open(pid))
    // What the terminal has sent by now may be from before the command was there.
    while let signal = signals.next() { kill(pid, signal.number) }
    while true {
      while let signal = signals.next() {
        if signal.isSentByProcess { kill(pid, signal.number) }
      }
      var status: Int32 = 0
      let ended = try systemCall("wait for process \(pid)") { unsafe waitpid(pid, &status, WNOHANG) }
      if ended == pid {
        // WTERMSIG and WEXITSTATUS of wait(2)
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
      }
      // Kernels before 5.3 have no pidfd.
      try waitUntilReadable([file.number, signals.descriptor], milliseconds: file.number < 0 ? 20 : -1)
    }
  }
}

/// Waits until a process has ended that is no child of this one, or until a signal asks to end, which it returns.
package func waitForEnd(of pid: pid_t, or signals: SignalQueue) throws(SystemError) -> CaughtSignal? {
  let file = FileDescriptor(owning: cni_pidfd_open(pid))
  // Without pidfd, or if it has ended: ask again and again whether the process is there.
  while file.number >= 0 || kill(pid, 0) == 0 || errno == EPERM {
    while let signal = signals.next() {
      if signal.asksToEnd { return signal }
    }
    if file.number >= 0, isReadable(file.number) { return nil }
    try waitUntilReadable([file.number, signals.descriptor], milliseconds: file.number < 0 ? 200 : -1)
  }
  return nil
}

private func isReadable(_ descriptor: Int32) -> Bool {
  var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&request, 1, 0) == 1
}
