// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS
import Sysctl

/// Whether this host forwards packets between its interfaces.
package enum Forwarding {
  private static func parameter(_ family: AddressFamily) -> Sysctl {
    family == .ip ? Sysctl("net", "ipv4", "ip_forward") : Sysctl("net", "ipv6", "conf", "all", "forwarding")
  }

  /// Switches it on for families for which it is off. It is read first, as /proc may be read-only.
  package static func enable(_ families: [AddressFamily]) throws(CNIError) {
    try reporting("switch forwarding on") { () throws(SystemError) in
      for family in families where try parameter(family).read() == "0" { try parameter(family).write("1") }
    }
  }

  /// The families among these for which it is off, in words.
  package static func problems(_ families: [AddressFamily]) throws(CNIError) -> [String] {
    try reporting("read whether the host forwards") { () throws(SystemError) in
      var problems: [String] = []
      for family in families where try parameter(family).read() == "0" {
        problems.append("the host does not forward \(family.title) packets")
      }
      return problems
    }
  }
}

extension NetworkResult {
  /// The families of its addresses.
  package var families: [AddressFamily] {
    AddressFamily.allCases.filter { family in ips.contains { $0.address.family == family } }
  }
}
