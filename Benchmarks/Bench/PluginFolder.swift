// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport

/// A folder of plugins, as `CNI_PATH` names it.
struct PluginFolder {
  let path: String
  /// Variables of calls.
  private let variables: [String: String]
  /// What must live as long as this does.
  private let owned: [AnyObject]
  private let variant: IPTablesVariant?

  /// Links to our program.
  init(ours options: Options) throws {
    let folder = try TemporaryFolder()
    for plugin in [
      "loopback", "bridge", "ptp", "macvlan", "host-local", "tuning", "bandwidth", "firewall", "portmap",
    ] {
      let link = "\(folder.path)/\(plugin)"
      if symlink(options.ours, link) != 0 { throw Failure("the link \(link) cannot be made: errno \(errno)") }
    }
    (path, variables, owned, variant) = (folder.path, [:], [folder], nil)
  }

  /// Upstream's plugins, which write their rules by iptables-nft.
  init(upstream options: Options) throws {
    let variant = try IPTablesVariant("nft")
    (path, variables, owned, self.variant) = (options.upstream, variant.environment, [], variant)
  }

  func program(_ plugin: String) -> Program { Program("\(path)/\(plugin)", name: plugin) }

  /// The environment of a call for a container.
  func environment(_ verb: String, _ container: Container) -> [String: String] {
    container.environment(verb).merging(variables) { $1 }.merging(["CNI_PATH": path]) { $1 }
  }
}
