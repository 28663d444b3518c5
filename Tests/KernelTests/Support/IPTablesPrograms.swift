// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Rules
import TestSupport

/// Programs of the names `iptables` and `ip6tables` that are those of one variant, whichever this machine prefers, with a
/// lock of their own.
final class IPTablesPrograms: Sendable {
  let variant: IPTablesSettings.Variant
  private nonisolated(unsafe) let folder: TemporaryFolder

  init(_ variant: IPTablesSettings.Variant) throws {
    self.variant = variant
    folder = try TemporaryFolder()
    for name in ["iptables", "ip6tables"] {
      // What the program does depends on the name by which it is called.
      try folder.addScript("exec \(name)-\(variant.rawValue) \"$@\"", named: name)
    }
  }

  /// What makes a plugin find them, and all who change tables of iptables-legacy wait for each other.
  var environment: [String: String] {
    ["PATH": "\(folder.path):\(Program.standardPath)", "XTABLES_LOCKFILE": "\(folder.path)/xtables.lock"]
  }
}
