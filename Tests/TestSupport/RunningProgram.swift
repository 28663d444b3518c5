// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// How a program ended and what it wrote.
package struct Outcome: Sendable {
  /// The exit status, or nil if a signal ended the program.
  package let status: Int32?
  /// The signal that ended the program.
  package let signal: Int32?
  package let output: [UInt8]
  package let errors: [UInt8]
  /// From just before the start to just after the end, by the monotonic clock.
  package let nanoseconds: UInt64
  /// In KiB. Linux includes the peak of the parent before exec, so it is never below our own.
  package let peakMemory: Int

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
  package var ending: String { status.map { "exit status \($0)" } ?? "signal \(signal ?? 0)" }
}

/// A started program; `deinit` kills it unless it was waited for.
package final class RunningProgram {
  package let pid: Int32
  /// By the monotonic clock, in nanoseconds.
  package let started: UInt64
  private let output: Descriptor
  private let errors: Descriptor
  private var reaped = false

  init(pid: pid_t, started: UInt64, output: Descriptor, errors: Descriptor) {
    self.pid = pid
    self.started = started
    self.output = output
    self.errors = errors
  }

  deinit { if !reaped { kill(); _ = waitpid(pid, nil, 0) } }

  /// Sends a signal, unless the end of the program has been waited for.
  package func kill(_ signal: Int32 = SIGKILL) {
    if !reaped { _ = Glibc.kill(pid, signal) }
  }

  /// Waits for the end; may be called once.
  package func wait() throws -> Outcome {
    precondition(!reaped, "the end of process \(pid) has been waited for")
    var status: Int32 = 0
    var usage = rusage()
    try systemCall("wait4") { wait4(pid, &status, 0, &usage) }
    let ended = monotonicNanoseconds()
    reaped = true
    let signal = status & 0x7f
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal == 0 ? nil : signal,
      output: try output.contents(), errors: try errors.contents(),
      nanoseconds: ended - started, peakMemory: usage.ru_maxrss)
  }
}
