// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// A failed system call.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  /// What was being done, to what, such as `open /etc/hosts`.
  package let action: String
  /// The kernel's error number, positive (errno.h).
  package let number: Int32

  package init(_ action: String, number: Int32) {
    self.action = action
    self.number = number
  }

  package var description: String { "\(action): \(Self.text(number))" }

  package var isMissingFile: Bool { number == ENOENT || number == ENOTDIR }

  package var isFolder: Bool { number == EISDIR }

  /// Whether retrying may succeed, because another process holds a lock.
  package var isTransient: Bool { number == EWOULDBLOCK }

  /// Whether the path is something that a plugin never creates: a symbolic link, or neither a regular file nor a folder.
  package var isOfAnotherKind: Bool { [ELOOP, ENOTDIR, EISDIR, ENXIO, ENAMETOOLONG].contains(number) }

  /// The C library's text for an error number.
  package static func text(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}

/// Calls `body`, repeats it after `EINTR`, and throws `errno` if it returns −1.
@discardableResult
package func systemCall<T: SignedInteger>(
  _ action: @autoclosure () -> String, _ body: () -> T
) throws(SystemError) -> T {
  while true {
    let result = body()
    // `action()` may change errno.
    let number = errno
    if result != -1 { return result }
    if number != EINTR { throw SystemError(action(), number: number) }
  }
}
