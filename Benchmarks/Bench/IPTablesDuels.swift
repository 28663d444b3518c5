// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A host on which one plugin has been called for so many containers already.
protocol MeasuredHost {
  var present: Int { get }
  var adding: Samples { get }
  var deleting: Samples { get }
  /// What the kernel alone takes for that, by a process that does nothing else; no samples where nobody has measured it.
  var kernel: (adding: Samples, deleting: Samples) { get }
  /// Measures one ADD and its DEL.
  func measureCycle() throws
}

extension MeasuredHost {
  var kernel: (adding: Samples, deleting: Samples) { (Samples(), Samples()) }
}

/// The most that calls of ours may take, as parts of upstream's time, beside no container and beside thousands.
struct IPTablesLimits {
  let adding: (none: Double, many: Double)
  let deleting: (none: Double, many: Double)
}

/// Measures a plugin beside upstream's where both write into the tables of iptables, on hosts of each variant.
struct IPTablesDuels<Host: MeasuredHost> {
  private typealias Duel = (variant: IPTablesVariant, limits: IPTablesLimits, ours: Host, upstream: Host)
  private let title: String
  private var duels: [Duel] = []

  /// `hosts` makes the two hosts of a variant with so many containers: ours and upstream's.
  init(
    _ title: String, nft: IPTablesLimits, legacy: IPTablesLimits,
    hosts: (IPTablesVariant, Int) throws -> (ours: Host, upstream: Host)
  ) throws {
    self.title = title
    for (name, limits) in [("nft", nft), ("legacy", legacy)] {
      let variant = try IPTablesVariant(name)
      for present in [0, 5000] {
        let (ours, upstream) = try hosts(variant, present)
        duels.append((variant, limits, ours, upstream))
      }
    }
  }

  /// The runs of all hosts take turns, so that what else the machine does falls on all of them; and who comes first, as a call
  /// for thousands of containers leaves little in the processor's caches.
  func run(quick: Bool) throws {
    for round in 0..<(quick ? 6 : 60) {
      for duel in duels {
        let isUpstreamsTurn = duel.upstream.present == 0 || round % 4 == 0
        if isUpstreamsTurn, round % 2 == 0 { try duel.upstream.measureCycle() }
        try duel.ours.measureCycle()
        if isUpstreamsTurn, round % 2 == 1 { try duel.upstream.measureCycle() }
      }
    }
    var table = Table(
      "variant", "containers present", "verb", "ours, ms (p90)", "upstream's, ms (p90)", "ours/upstream",
      "kernel alone, ms (p90)")
    var targets = Table("target", "limit", "measured", "kernel alone", "")
    for duel in duels {
      for (verb, samples, kernel, limits) in [
        ("ADD", \Host.adding, \Host.kernel.adding, duel.limits.adding),
        ("DEL", \Host.deleting, \Host.kernel.deleting, duel.limits.deleting),
      ] {
        let (own, other) = (duel.ours[keyPath: samples], duel.upstream[keyPath: samples])
        let (variant, present, share) = (duel.variant.name, duel.ours.present, own.median / other.median)
        let least = duel.ours[keyPath: kernel]
        let shown = [own, other, least].map { "\(milliseconds($0.median)) (\(milliseconds($0.p90)))" }
        table.add(
          [variant, "\(present)", verb] + shown.prefix(2) + [fixed(share, 3)] + shown.suffix(least.count == 0 ? 0 : 1))
        let text = "\(variant): \(verb) with \(present) present, part of upstream's time"
        let target = Target(text, measured: share, limit: present == 0 ? limits.none : limits.many)
        targets.add(target.row(atLeast: least.median / other.median))
      }
    }
    table.show("\(title) in the tables of iptables, from the start of the process to its end, medians")
    targets.show("Targets")
  }
}
