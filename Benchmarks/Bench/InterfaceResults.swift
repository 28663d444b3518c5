// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The tables of ``InterfacesBenchmark``, and its limits.
struct InterfaceResults {
  private var targets = Table("target", "limit", "measured", "kernel alone", "")
  private var systemCalls = Table("an ADD of", "ours", "programs", "upstream's", "programs")

  /// What no plugin can be faster than, in nanoseconds: a start, and the same with the kernel's part of all plugins in a chain.
  private var start = Double.nan
  private var leastOfChain = (adding: Double.nan, deleting: Double.nan)

  /// One container's interface, and the same beside many; the kernel alone beside none and beside many.
  mutating func add(
    _ pairs: [(ours: InterfaceHost, upstream: InterfaceHost)], _ crowded: [InterfaceHost],
    _ kernels: [InterfaceKernel], _ starts: InterfaceStarts
  ) {
    let kernel = kernels[0]
    start = starts.empty.median
    let allStarts = Double(InterfaceChain.length) * start
    leastOfChain = (
      allStarts + kernel.connecting.median, allStarts + kernel.removing.median + kernel.removingIFB.median
    )
    var table = Table(
      "interface", "others present", "verb", "ours, ms (p90)", "upstream's, ms (p90)", "runs", "ours/upstream")
    for (own, other) in pairs {
      for (verb, samples) in [("ADD", \InterfaceHost.adding), ("DEL", \InterfaceHost.deleting)] {
        let times = (own[keyPath: samples], other[keyPath: samples])
        let share = fixed(times.0.median / times.1.median, 3)
        table.add([own.kind.title, "0", verb, shown(times.0), shown(times.1), "\(times.0.count)", share])
      }
      let (kind, upstream) = (own.kind, other.adding.median)
      let target = Target(
        "\(kind.title): ADD, part of upstream's time", measured: own.adding.median / upstream, limit: kind.limit)
      add(target, atLeast: (start + (kind.isBridged ? kernel.connecting.median : 0)) / upstream)
      if kind.isBridged { addRemoval(own, kernel) }
    }
    for host in crowded {
      for (verb, times) in [("ADD", host.adding), ("DEL", host.deleting)] {
        table.add([host.kind.title, "\(host.present)", verb, shown(times), "–", "\(times.count)"])
      }
      guard let alone = pairs.first(where: { $0.ours.kind.title == host.kind.title })?.ours else { continue }
      let least = alone.adding.median
      let target = Target(
        "\(host.kind.title): ADD with \(host.present) others, against none", measured: host.adding.median / least,
        limit: 1.2)
      // If nothing but the kernel's part took longer.
      add(target, atLeast: (least + kernels[1].connecting.median - kernel.connecting.median) / least)
    }
    table.show("One interface, from the start of the process to its end, medians")
  }

  private mutating func addRemoval(_ own: InterfaceHost, _ kernel: InterfaceKernel) {
    let least = kernel.removing.median / 1e6
    let target = Target(
      "\(own.kind.title): DEL, against the kernel's RTM_DELLINK + 2 ms", measured: own.deleting.median / 1e6,
      limit: least + 2, unit: " ms")
    add(target, atLeast: least)
  }

  /// What no plugin can save.
  func add(_ kernels: [InterfaceKernel], _ starts: InterfaceStarts) {
    var table = Table("least", "others present", "ms (p90)")
    table.add(["start of an empty C program", "–", shown(starts.empty)])
    table.add(["start of ours (VERSION)", "–", shown(starts.ours)])
    table.add(["start of upstream's (VERSION)", "–", shown(starts.upstream)])
    for kernel in kernels {
      table.add(["the kernel's part of a bridge ADD", "\(kernel.present)", shown(kernel.connecting)])
      table.add(["RTM_DELLINK of a veth", "\(kernel.present)", shown(kernel.removing)])
      table.add(["RTM_DELLINK of an IFB device", "\(kernel.present)", shown(kernel.removingIFB)])
    }
    table.show("Starts of processes, and the kernel alone without one, medians")
  }

  mutating func addAtOnce(_ ours: Samples, _ upstream: Samples) {
    var table = Table("20 ADDs at once, ipMasq", "ms (p90)", "rounds")
    for (name, times) in [("ours", ours), ("upstream's", upstream)] {
      table.add([name, shown(times), "\(times.count)"])
    }
    table.show("20 ADDs of bridge at once, from the first start to the last end, medians")
    add(
      Target(
        "20 bridge ADDs at once, ipMasq, part of upstream's time", measured: ours.median / upstream.median,
        limit: 1.0 / 8))
  }

  mutating func add(_ ours: InterfaceChain, _ upstream: InterfaceChain) {
    var table = Table("verb", "ours, ms (p90)", "upstream's, ms (p90)", "runs", "ours/upstream")
    for (verb, own, other, least) in [
      ("ADD", ours.adding, upstream.adding, leastOfChain.adding),
      ("DEL", ours.deleting, upstream.deleting, leastOfChain.deleting),
    ] {
      let share = own.median / other.median
      table.add([verb, shown(own), shown(other), "\(own.count)", fixed(share, 3)])
      let target = Target(
        "all plugins one after another: \(verb), part of upstream's time", measured: share, limit: 1.0 / 8)
      add(target, atLeast: least / other.median)
    }
    add(
      Target("all plugins one after another: ADD", measured: ours.adding.median / 1e6, limit: 12, unit: " ms"),
      atLeast: leastOfChain.adding / 1e6)
    table.show("loopback, bridge, tuning, bandwidth, firewall, portmap: sums of the processes' times, medians")
  }

  mutating func add(_ kind: InterfaceKind, _ ours: SystemCalls, _ upstream: SystemCalls) {
    systemCalls.add([
      kind.title, "\(ours.count)", "\(ours.programs)", "\(upstream.count)", "\(upstream.programs)",
    ])
    let title = "\(kind.title): an ADD's"
    add(Target("\(title) system calls", measured: Double(ours.count), limit: 150))
    add(Target("\(title) programs", measured: Double(ours.programs), limit: 1))
  }

  func showSystemCalls() { systemCalls.show("System calls of a bridge ADD, and programs that it executes") }

  func showTargets() { targets.show("Targets") }

  /// `floor` is what the kernel alone would come to; NaN if nobody has measured it.
  private mutating func add(_ target: Target, atLeast floor: Double = .nan) {
    targets.add(target.row(atLeast: floor))
  }

  private func shown(_ samples: Samples) -> String { "\(milliseconds(samples.median)) (\(milliseconds(samples.p90)))" }
}
