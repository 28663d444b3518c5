// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Rules
import TestSupport

/// Programs named `iptables` and `ip6tables` of one variant, whichever this machine prefers, with a lock file of their own.
final class IPTablesPrograms: Sendable {
  let variant: IPTablesSettings.Variant
  private nonisolated(unsafe) let folder: TemporaryFolder

  init(_ variant: IPTablesSettings.Variant) throws {
    self.variant = variant
    folder = try TemporaryFolder()
    for name in ["iptables", "ip6tables"] {
      // The program chooses its function by the name by which it is called.
      try folder.addScript("exec \(name)-\(variant.rawValue) \"$@\"", named: name)
    }
  }

  /// The environment by which a plugin finds the programs, and all of them use one lock for iptables-legacy.
  var environment: [String: String] {
    ["PATH": "\(folder.path):\(Program.standardPath)", "XTABLES_LOCKFILE": "\(folder.path)/xtables.lock"]
  }
}
