// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Sysctl

/// The parameters of IPv6 that interfaces have.
package enum IPv6Parameter {
  /// Sets a parameter of an interface; does nothing if the kernel has no IPv6.
  package static func set(_ name: String, of interface: String, to value: String) throws(CNIError) {
    do throws(SystemError) {
      try Sysctl("net", "ipv6", "conf", interface, name).write(value)
    } catch {
      if !error.isMissingFile { throw CNIError(error) }
    }
  }
}
