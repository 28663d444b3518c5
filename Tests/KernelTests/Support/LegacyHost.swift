// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPTables
import OS
import TestSupport

/// A namespace with rules of iptables-legacy, and a lock file of its own.
final class LegacyHost: Sendable {
  let namespace: Namespace
  private nonisolated(unsafe) let folder: TemporaryFolder
  let lockFile: String
  private let writer: LegacyWriter

  init(_ writer: LegacyWriter = .ours) throws {
    self.writer = writer
    namespace = try Namespace()
    folder = try TemporaryFolder()
    lockFile = folder.path + "/xtables.lock"
  }

  /// Changes a table by the transport of this project, or by libiptc.
  @discardableResult
  func change<T>(
    _ table: IPTable, milliseconds: Int = 60_000, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws -> T {
    try namespace.run {
      try writer.transport(lockFile: lockFile, milliseconds: milliseconds).change(table, edit)
    }
  }

  /// Runs a program of iptables-legacy, named without its family; throws a ``CommandFailure`` if it fails.
  @discardableResult
  func legacy(
    _ family: AddressFamily, _ words: [String], program: String = "tables-legacy", input: String = "",
    lockFile: String? = nil
  ) throws -> String {
    let name = (family == .ip ? "ip" : "ip6") + program
    let environment = [
      "PATH": Program.standardPath, "LC_ALL": "C", "XTABLES_LOCKFILE": lockFile ?? self.lockFile,
    ]
    let outcome = try namespace.run {
      try Program(name).run(words, environment: environment, input: Array(input.utf8))
    }
    guard outcome.status == 0 else { throw CommandFailure(words: [name] + words, outcome: outcome) }
    return outcome.outputText
  }

  /// Restores a table with counters from the output of `save`.
  func restore(_ family: AddressFamily, _ text: String) throws {
    try legacy(family, ["-c"], program: "tables-legacy-restore", input: text)
  }

  /// The chains and rules of a table, one per line, with counters if requested.
  func save(_ table: IPTable, counters: Bool = true) throws -> [String] {
    let words = ["-t", table.name.rawValue] + (counters ? ["-c"] : [])
    let lines = try legacy(table.family, words, program: "tables-legacy-save").split(separator: "\n").map(String.init)
    return lines.filter { !$0.hasPrefix("#") }
  }
}
