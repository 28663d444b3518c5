// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A version of the CNI specification that this program supports.
package enum SpecVersion: String, CaseIterable, Comparable, Sendable {
  case v0_1_0 = "0.1.0"
  case v0_2_0 = "0.2.0"
  case v0_3_0 = "0.3.0"
  case v0_3_1 = "0.3.1"
  case v0_4_0 = "0.4.0"
  case v1_0_0 = "1.0.0"
  case v1_1_0 = "1.1.0"

  package static let current = v1_1_0
  /// The version of a configuration without `cniVersion`, as in the reference library.
  package static let implied = v0_1_0

  package static func < (left: SpecVersion, right: SpecVersion) -> Bool { left.order < right.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
