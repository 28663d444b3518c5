// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A request that the kernel refused, or whose reply does not follow the protocol.
package struct NetlinkError: Error, Equatable, CustomStringConvertible {
  /// What was being done, to what.
  package let action: String
  /// The kernel's error number, positive (errno.h).
  package let number: Int32
  /// The kernel's extended error text (`NLMSGERR_ATTR_MSG`, linux/netlink.h); empty if it sent none.
  package let explanation: String

  /// `ENOENT`: the object to read or to change does not exist.
  package static let noEntry = ENOENT

  package init(_ action: String, number: Int32, explanation: String = "") {
    self.action = action
    self.number = number
    self.explanation = explanation
  }

  /// Whether what was to be added is there already.
  package var isAlreadyThere: Bool { number == EEXIST }

  package var description: String {
    "\(action): \(SystemError.text(number))\(explanation.isEmpty ? "" : " (\(explanation))")"
  }
}
