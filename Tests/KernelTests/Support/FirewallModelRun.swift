// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport

/// One run of the model; it throws the first difference.
struct FirewallModelRun {
  struct Difference: Error, CustomStringConvertible { let description: String }

  private let host: FirewallModelHost
  private var model: FirewallModel
  private var random: SeededGenerator
  private(set) var history: [String] = []

  init(_ variant: IPTablesSettings.Variant, _ seed: UInt64) throws {
    host = try FirewallModelHost(variant)
    model = FirewallModel(places: host.places)
    random = SeededGenerator(seed)
  }

  mutating func run(_ operations: Int) throws {
    for _ in 0..<operations {
      switch Int.random(in: 0..<100, using: &random) {
      case ..<42: try add()
      case ..<70: try delete()
      case ..<82: try check()
      case ..<92: try collectGarbage(Bool.random(using: &random) ? "one" : "two")
      default: try vanish()
      }
    }
    try end()
  }

  // MARK: - Operations

  private mutating func add() throws {
    let number = Int.random(in: 0..<host.places.count, using: &random)
    let byUs = Int.random(in: 0..<5, using: &random) < 3
    let addition = try addition(number, byUs: byUs)
    note(byUs ? "our ADD" : "upstream's ADD", number, "\(addition.addresses) \(addition.policy.rawValue)")
    // The port is new: otherwise it would still have the isolation of a former ADD of ours.
    if !byUs || !model.live.contains(number) { try host.setPort(number, true) }
    try succeed(host.call("ADD", number, addition, byUs: byUs))
    model.add(number, addition, byUs: byUs)
    try compare()
  }

  /// Mostly addresses that no running container has; for a running container often those that it has.
  private mutating func addition(_ number: Int, byUs: Bool) throws -> FirewallModel.Addition {
    let strictest: FirewallModel.Policy = byUs ? .isolated : .sameBridge
    let policy = [.open, .open, .open, .sameBridge, .sameBridge, strictest].randomElement(using: &random) ?? .open
    if model.live.contains(number), let last = model.last[number], Bool.random(using: &random) {
      return FirewallModel.Addition(addresses: last.addresses, policy: policy)
    }
    let taken = Set(model.live.filter { $0 != number }.flatMap { model.last[$0]?.addresses ?? [] })
    let mayTakeOver = Int.random(in: 0..<8, using: &random) == 0
    var addresses: [IPAddress] = []
    for prefix in ["10.22.1.", "fd00:22::1:"] {
      let all = try (1...5).map { try ip("\(prefix)\($0)") }.filter { mayTakeOver || !taken.contains($0) }
      let isWanted = prefix.hasPrefix("1") || Int.random(in: 0..<4, using: &random) > 0
      if isWanted, let address = all.randomElement(using: &random) { addresses.append(address) }
    }
    return FirewallModel.Addition(addresses: addresses, policy: policy)
  }

  private mutating func delete() throws {
    let isChosen = Int.random(in: 0..<4, using: &random) == 0
    let known = model.last.keys.sorted().filter { isChosen || model.live.contains($0) }
    guard let number = known.randomElement(using: &random) else { return }
    let byUs = Int.random(in: 0..<5, using: &random) < 3
    // Upstream's DEL does nothing without prevResult.
    try delete(number, byUs: byUs, prevResult: !byUs || Int.random(in: 0..<4, using: &random) > 0)
  }

  private mutating func delete(_ number: Int, byUs: Bool, prevResult: Bool) throws {
    guard let last = model.last[number] else { return }
    note(byUs ? "our DEL" : "upstream's DEL", number, prevResult ? "\(last.addresses)" : "without prevResult")
    try succeed(
      host.call("DEL", number, last, byUs: byUs, prevResult: prevResult, isGone: !model.live.contains(number)))
    model.delete(number, byUs: byUs, prevResult: prevResult)
    try host.setPort(number, false)
    try compare()
  }

  private mutating func check() throws {
    guard let number = model.live.sorted().randomElement(using: &random), let last = model.last[number] else { return }
    note("our CHECK", number, "\(last.addresses) \(last.policy.rawValue)")
    let before = (try host.saved(), try host.generation())
    let outcome = try host.call("CHECK", number, last, byUs: true)
    let after = (try host.saved(), try host.generation())
    if before != after { throw Difference(description: "CHECK has changed something") }
    if let passes = model.passesCheck(number), passes != (outcome.status == 0) {
      throw Difference(description: "CHECK \(passes ? "fails" : "passes"): \(outcome.outputText)")
    }
    model.check()
    try compare()
  }

  private mutating func collectGarbage(_ network: String) throws {
    history.append("our GC of \(network)")
    try succeed(host.collectGarbage(network, sparing: model.live))
    model.collectGarbage(network)
    try compare(freeBridges: model.freeBridges)
  }

  private mutating func vanish() throws {
    guard let number = model.live.sorted().randomElement(using: &random) else { return }
    note("interface removed without DEL", number, "")
    try host.setPort(number, false)
    model.vanish(number)
  }

  /// Our DEL removes the rules of all containers; only rules of upstream's repeated ADDs may be left.
  private mutating func end() throws {
    for number in model.last.keys.sorted() { try delete(number, byUs: true, prevResult: true) }
    for network in ["one", "two"] { try collectGarbage(network) }
    let left = try host.recordedElements()
    if left != [] { throw Difference(description: "recorded in the end: \(left)") }
    let others = try host.otherTables()
    if others != [] { throw Difference(description: "tables of the other variant: \(others)") }
  }

  // MARK: - Comparing

  private mutating func note(_ call: String, _ number: Int, _ what: String) {
    let place = host.places[number]
    history.append("\(call): c\(number) (\(place.network), \(place.bridge)) \(what)")
  }

  private func succeed(_ outcome: Outcome) throws {
    if outcome.status != 0 {
      throw Difference(description: "\(outcome.ending): \(outcome.outputText)\(outcome.errorText)")
    }
  }

  private mutating func compare(freeBridges: Set<String> = []) throws {
    let tables = try host.tables()
    var problems = tables.flatMap(\.problems)
    let accepted = Set(tables.flatMap(\.accepted))
    problems += model.accepted.subtracting(accepted).map { "not accepted: \($0)" }
    problems += accepted.subtracting(model.accepted).map { "accepted: \($0)" }
    problems += model.isolation.observe(
      Set(tables.flatMap(\.isolation)), wanted: model.wantedIsolation, freeAfterGarbage: freeBridges)
    if !problems.isEmpty { throw Difference(description: problems.sorted().joined(separator: "; ")) }
  }
}
