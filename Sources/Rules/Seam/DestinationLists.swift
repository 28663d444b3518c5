// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// The destinations that a network's containers may and may not reach. The longest prefix that contains a destination decides; a
/// destination outside all prefixes may be reached, unless there are only prefixes of `allowed`.
package struct DestinationLists: Equatable, Sendable {
  package let denied: [Prefix]
  package let allowed: [Prefix]

  package init(denied: [Prefix], allowed: [Prefix]) {
    self.denied = denied
    self.allowed = allowed
  }

  package var isEmpty: Bool { denied.isEmpty && allowed.isEmpty }

  /// The addresses of a family that may not be reached.
  package func deniedRanges(_ family: AddressFamily) -> [AddressRange] {
    let lists = [(denied, true), (allowed, false)].flatMap { list, isDenied in
      list.filter { $0.family == family }.map { (prefix: $0.network, isDenied: isDenied) }
    }
    // A prefix is sorted before those that it contains.
    let sorted = lists.sorted { ($0.prefix.address, $0.prefix.length) < ($1.prefix.address, $1.prefix.length) }
    var sweep = Sweep(from: Prefix.all(family).address, isDenied: denied.isEmpty && !allowed.isEmpty)
    for entry in sorted { sweep.enter(entry.prefix, isDenied: entry.isDenied) }
    return sweep.finished()
  }
}

/// Goes through all addresses in order, and collects the ranges of those that are denied.
private struct Sweep {
  /// The stack of the prefixes that contain the next address, the longest last; its bottom, which never ends, stands for all
  /// addresses.
  private var open: [(end: IPAddress?, isDenied: Bool)]
  /// Nil after the last address.
  private var next: IPAddress?
  private var ranges: [AddressRange] = []

  init(from first: IPAddress, isDenied: Bool) {
    next = first
    open = [(nil, isDenied)]
  }

  mutating func enter(_ prefix: Prefix, isDenied: Bool) {
    while let end = open.last?.end, end <= prefix.address {
      advance(to: end)
      open.removeLast()
    }
    advance(to: prefix.address)
    open.append((prefix.last.successor, isDenied))
  }

  mutating func finished() -> [AddressRange] {
    while let last = open.last {
      advance(to: last.end)
      open.removeLast()
    }
    return ranges
  }

  private mutating func advance(to end: IPAddress?) {
    guard let first = next, first != end else { return }
    next = end
    guard open.last?.isDenied ?? false else { return }
    if let last = ranges.last, last.end == first {
      ranges[ranges.count - 1] = AddressRange(first: last.first, end: end)
    } else {
      ranges.append(AddressRange(first: first, end: end))
    }
  }
}
