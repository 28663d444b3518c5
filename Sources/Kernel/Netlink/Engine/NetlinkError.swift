// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A request that the kernel refused, or that it did not answer as the protocol says.
package struct NetlinkError: Error, Equatable, CustomStringConvertible {
  /// What was being done, to what.
  package let action: String
  /// The kernel's error number, positive (errno.h).
  package let number: Int32
  /// The kernel's own words (`NLMSGERR_ATTR_MSG`, linux/netlink.h); empty if it had none.
  package let explanation: String

  /// `ENOENT`: what was asked for, or was to be changed, is not there.
  package static let noEntry = ENOENT

  package init(_ action: String, number: Int32, explanation: String = "") {
    self.action = action
    self.number = number
    self.explanation = explanation
  }

  package var description: String {
    "\(action): \(SystemError.text(number))\(explanation.isEmpty ? "" : " (\(explanation))")"
  }
}
