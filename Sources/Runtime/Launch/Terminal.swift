// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The terminal on stdin, if there is one.
package struct Terminal: Sendable {
  /// Whether stdout is a terminal.
  package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

  private let isOurs: Bool

  /// Remembers whether this process's group is in the foreground.
  package init() { isOurs = tcgetpgrp(STDIN_FILENO) == getpgrp() }

  /// Puts this process's group into the foreground again, if it was there: a shell that is killed leaves its own group there, and whoever
  /// reads from the terminal next would be stopped.
  package func takeBack() {
    guard isOurs, tcgetpgrp(STDIN_FILENO) != getpgrp() else { return }
    // A process in the background that takes the terminal is stopped by this signal.
    let before = signal(SIGTTOU, SIG_IGN)
    tcsetpgrp(STDIN_FILENO, getpgrp())
    signal(SIGTTOU, before)
  }
}
