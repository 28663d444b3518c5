// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Rules
import TestSupport
import Testing

/// Calls of our firewall and upstream's at random, each compared with a model of what must be there after it.
///
/// The long form, of 200 seeds with 60 operations each: `SWIFT_CNI_MODEL_SEEDS=200`; one seed again: `SWIFT_CNI_MODEL_SEEDS=17-17`.
@Suite(
  "firewall: a model of ours and upstream's calls, mixed",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallModelTests {
  static let seeds: [UInt64] = {
    guard let text = Environment.process["SWIFT_CNI_MODEL_SEEDS"] else { return [1, 2] }
    let ends = text.split(separator: "-").compactMap { UInt64($0) }
    return ends.count == 2 ? Array(ends[0]...ends[1]) : Array(0..<(ends.first ?? 0))
  }()
  static let operations = Environment.process["SWIFT_CNI_MODEL_SEEDS"] == nil ? 25 : 60

  @Test(
    "whatever is called, an address has one pair of accepts or none, and a bridge its isolation while it is wanted",
    arguments: IPTablesSettings.Variant.allCases, seeds)
  func mixed(variant: IPTablesSettings.Variant, seed: UInt64) throws {
    var run = try FirewallModelRun(variant, seed)
    do {
      try run.run(Self.operations)
    } catch {
      Issue.record("\(variant), seed \(seed): \(error), after\n\(run.history.joined(separator: "\n"))")
    }
  }
}
