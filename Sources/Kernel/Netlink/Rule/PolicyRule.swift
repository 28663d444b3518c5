// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A rule that chooses the routing table for packets (ip-rule(8)).
package struct PolicyRule: Equatable, Sendable {
  package var family: AddressFamily
  /// Rules with lower numbers come first. If nil, the kernel places the rule before all others except that of the local table.
  package var priority: UInt32?
  package var source: Prefix?
  package var destination: Prefix?
  package var fwmark: UInt32?
  package var fwmask: UInt32?
  /// The name of the incoming interface; `lo` for locally generated packets.
  package var inputInterface: String?
  package var outputInterface: String?
  package var typeOfService: UInt8 = 0
  /// Whether the rule applies to packets that do not match (`not`).
  package var isInverted = false
  package var action = Action.lookup
  package var table: UInt32 = 0
  /// Routes with prefixes of this length or shorter are ignored.
  package var suppressedPrefixLength: UInt32?
  /// Whether the table is that of the packet's VRF (`l3mdev`).
  package var usesVRFTable = false
  /// The rule's origin (`RTPROT_…`).
  package var `protocol`: UInt8?

  package init(_ family: AddressFamily, table: UInt32, priority: UInt32? = nil) {
    self.family = family
    self.table = table
    self.priority = priority
  }

  /// `FR_ACT_…` (linux/fib_rules.h).
  package struct Action: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let lookup = Action(rawValue: UInt8(FR_ACT_TO_TBL))
    package static let blackhole = Action(rawValue: UInt8(FR_ACT_BLACKHOLE))
    package static let unreachable = Action(rawValue: UInt8(FR_ACT_UNREACHABLE))
    package static let prohibit = Action(rawValue: UInt8(FR_ACT_PROHIBIT))
  }
}
