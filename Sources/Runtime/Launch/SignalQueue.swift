// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CContainer
import Glibc
import OS

/// A signal that this process was sent.
package struct CaughtSignal: Sendable {
  package let number: Int32
  /// Whether a process sent it. The terminal sends its signals to all processes of the foreground group, so that a command in this
  /// process's group has had them already.
  package let isSentByProcess: Bool

  package init(number: Int32, isSentByProcess: Bool) {
    self.number = number
    self.isSentByProcess = isSentByProcess
  }

  /// The exit status that shells give a program which the signal ends.
  package var exitStatus: Int32 { 128 + number }

  /// Whether it asks a program to end: SIGUSR1 and SIGUSR2 are for a command only.
  package var asksToEnd: Bool { [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(number) }
}

/// The signals SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2, which no longer end this process. Those that it was started to
/// ignore (nohup(1)) stay ignored.
package struct SignalQueue: Sendable {
  /// Readable when there is a signal.
  let descriptor: Int32

  /// Begins to catch signals, for the rest of this process's life.
  package init() throws(SystemError) {
    descriptor = try systemCall("catch signals") { cni_catch_signals() }
  }

  /// The next signal; nil if there is none.
  package func next() -> CaughtSignal? {
    var sent: Int32 = 0
    let number = unsafe cni_next_signal(descriptor, &sent)
    return number == 0 ? nil : CaughtSignal(number: number, isSentByProcess: sent != 0)
  }
}
