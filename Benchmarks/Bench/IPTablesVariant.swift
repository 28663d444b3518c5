// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport

/// One of the two places where a host may keep the rules of iptables, `nft` and `legacy`.
struct IPTablesVariant {
  let name: String
  /// Holds the programs `iptables` and `ip6tables` of this variant, and goes with the last copy of it.
  private let folder: TemporaryFolder

  init(_ name: String) throws {
    self.name = name
    folder = try TemporaryFolder()
    for program in ["iptables", "ip6tables"] {
      let link = "\(folder.path)/\(program)"
      if symlink(try Self.path("\(program)-\(name)"), link) != 0 { throw Failure("the link \(link) cannot be made") }
    }
  }

  /// Members of a configuration by which our plugins write there.
  var members: String { #""backend":"iptables","iptablesVariant":"\#(name)","# }

  /// Variables by which other programs write there, and wait for no program of another benchmark or of the host.
  var environment: [String: String] {
    ["PATH": "\(folder.path):\(Program.standardPath)", "XTABLES_LOCKFILE": "\(folder.path)/xtables.lock"]
  }

  /// Adds rules to a host, given in the words of iptables-restore.
  func restore(_ rules: String, in namespace: Namespace) throws {
    let program = Program("iptables-\(name)-restore")
    let outcome = try namespace.run {
      try program.run(["--noflush"], environment: environment, input: Array(rules.utf8))
    }
    _ = try outcome.succeeded(program.name)
  }

  private static func path(_ program: String) throws -> String {
    let paths = Program.standardPath.split(separator: ":").map { "\($0)/\(program)" }
    guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { throw Failure("there is no \(program)") }
    return path
  }
}
