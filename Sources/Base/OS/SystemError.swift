// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// A system call that failed: which, on what, and why.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call and its object, such as `open /etc/hosts`.
  package let action: String
  /// The kernel's error number, positive (errno.h).
  package let number: Int32

  package init(_ action: String, number: Int32) {
    self.action = action
    self.number = number
  }

  package var description: String { "\(action): \(Self.text(number))" }

  package var isMissingFile: Bool { number == ENOENT || number == ENOTDIR }

  /// Whether the same may succeed in a while, as somebody else holds what is needed.
  package var isTransient: Bool { number == EWOULDBLOCK }

  /// Whether what was to be opened is nothing that a plugin keeps: a link, or no regular file or folder.
  package var isOfAnotherKind: Bool { [ELOOP, ENOTDIR, EISDIR, ENXIO, ENAMETOOLONG].contains(number) }

  /// The C library's text for an error number.
  package static func text(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}

/// Calls `body` until it is not interrupted by a signal, and turns −1 into an error.
@discardableResult
package func systemCall<T: SignedInteger>(
  _ action: @autoclosure () -> String, _ body: () -> T
) throws(SystemError) -> T {
  while true {
    let result = body()
    // Making the text may change it.
    let number = errno
    if result != -1 { return result }
    if number != EINTR { throw SystemError(action(), number: number) }
  }
}
