// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Calls two programs in turns, so that what else the machine does falls on both, and keeps how long each call took.
struct Duel {
  /// A call, and the programs of which the first is ours.
  let verbs = ["ADD", "DEL"]
  private let namespace: Namespace
  private let programs: [Program]
  private(set) var times: [[String: Samples]]

  init(in namespace: Namespace, _ programs: Program...) {
    self.namespace = namespace
    self.programs = programs
    times = programs.map { _ in [:] }
  }

  /// One round: each program is called with each verb; `input` is for a program's index, `environment` for a verb.
  mutating func fight(
    environment: (String) -> [String: String], input: (Int) -> [UInt8], after: (String) throws -> Void = { _ in }
  ) throws {
    for (index, program) in programs.enumerated() {
      for verb in verbs {
        let outcome = try namespace.run { try program.run(environment: environment(verb), input: input(index)) }
        times[index][verb, default: Samples()].add(try outcome.succeeded("\(program.name) \(verb)").nanoseconds)
        try after(verb)
      }
    }
  }

  /// Ours as part of the other's.
  func share(_ verb: String) -> Double { median(0, verb) / median(1, verb) }

  /// In nanoseconds.
  func median(_ index: Int, _ verb: String) -> Double { times[index][verb]?.median ?? .nan }

  /// A row for each verb.
  func rows() -> [[String]] {
    verbs.map { verb in
      let samples = times.map { $0[verb] ?? Samples() }
      let shown = samples.map { "\(milliseconds($0.median)) (\(milliseconds($0.p90)))" }
      return [verb] + shown + ["\(samples[0].count)", fixed(share(verb), 2)]
    }
  }
}
