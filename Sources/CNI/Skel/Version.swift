// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The versions that the program reports.
package enum Version {
  /// The version of swift-cni.
  package static let program = "0.2.0"
  /// The release of containernetworking/plugins, and of flannel-io/cni-plugin, whose options and behaviour are matched.
  package static let upstream = "1.9.1"

  /// The version of a plugin, as Semantic Versioning has it: the upstream level, then ours as build metadata.
  package static let plugin = "v\(upstream)+swift-cni.\(program)"
}
