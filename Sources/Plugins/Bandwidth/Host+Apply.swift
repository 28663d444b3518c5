// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink

extension Host {
  /// Makes everything what the shaping says, or changes nothing; answers the IFB if there is one.
  func apply(_ wanted: Shaping, to end: Link, of owner: Owner) throws(CNIError) -> Link? {
    let root = try kernel("shape \(end.name)") { () throws(NetlinkError) in try routes.qdisc(of: end.index, at: .root) }
    if wanted.ingress != nil { try requireOwn(root, of: end) }
    let ifb = try ifb(IFBName(owner), of: owner)
    var undo = Undo()
    do throws(NetlinkError) {
      let made = try applyEgress(wanted, to: end, of: owner, ifb, &undo)
      try applyIngress(wanted, to: end, root, &undo)
      return made
    } catch {
      undo.run(routes)
      throw CNIError(.kernelRefused, "shape \(end.name): \(error)")
    }
  }

  /// Throws code 103, which says whose it is, if somebody else has a qdisc where the bucket would have to be.
  private func requireOwn(_ root: Qdisc?, of end: Link) throws(CNIError) {
    guard let root, !root.isOurs else { return }
    let reason = "\(end.name) has the root qdisc \(root.kind) \(root.handle) of somebody else"
    throw CNIError(.foreignQdisc, "\(reason): remove it, or leave this container's rates to it")
  }

  private func applyIngress(
    _ wanted: Shaping, to end: Link, _ root: Qdisc?, _ undo: inout Undo
  ) throws(NetlinkError) {
    guard let bucket = wanted.ingress else {
      if let root, root.isOurs { try routes.removeQdisc(of: end.index, at: .root) }
      return
    }
    if try isApplied(wanted, to: end, root) { return }
    undo.add { (routes) throws(NetlinkError) in
      // Whatever stood there before was ours, and a new attempt puts it back.
      if let old = root?.bucket {
        try routes.setTBF(old, of: end.index, handle: Shaping.bucketHandle)
      } else {
        try routes.removeQdisc(of: end.index, at: .root)
      }
    }
    if let selective = wanted.selective {
      try routes.set(selective, of: end.index, handle: Shaping.selectiveHandle)
    } else {
      try routes.setTBF(bucket, of: end.index, handle: Shaping.bucketHandle)
    }
  }

  /// Whether the root of the host's end is what it should be.
  func isApplied(_ wanted: Shaping, to end: Link, _ root: Qdisc?) throws(NetlinkError) -> Bool {
    guard let root, root.isOurs else { return wanted.ingress == nil }
    guard let selective = wanted.selective else {
      return root.bucket.map { wanted.ingress?.isSame(as: $0) ?? false } ?? false
    }
    let found = try routes.selectiveBucket(of: end.index, handle: Shaping.selectiveHandle)
    return found.map { selective.isSame(as: $0) } ?? false
  }

  private func applyEgress(
    _ wanted: Shaping, to end: Link, of owner: Owner, _ former: Link?, _ undo: inout Undo
  ) throws(NetlinkError) -> Link? {
    guard let bucket = wanted.egress else {
      try removeEgress(of: end, former.map { [$0] } ?? [])
      return nil
    }
    let ifb = try makeIFB(IFBName(owner), for: end, of: owner, former, &undo)
    let old = former == nil ? nil : try routes.qdisc(of: ifb.index, at: .root)?.bucket
    if !(old.map { bucket.isSame(as: $0) } ?? false) {
      if let old {
        undo.add { (routes) throws(NetlinkError) in
          try routes.setTBF(old, of: ifb.index, handle: Shaping.bucketHandle)
        }
      }
      try routes.setTBF(bucket, of: ifb.index, handle: Shaping.bucketHandle)
    }
    // Only now: the kernel would wait for all processors before it gave another qdisc to an interface that is up.
    if !ifb.isUp { try routes.bringUp(ifb.index) }
    if try routes.qdisc(of: end.index, at: .ingress) == nil, try routes.addIngress(to: end.index) {
      undo.add { (routes) throws(NetlinkError) in try routes.removeQdisc(of: end.index, at: .ingress) }
    }
    try applyFilters(wanted, to: end, ifb, &undo)
    return ifb
  }

  private func makeIFB(
    _ name: IFBName, for end: Link, of owner: Owner, _ former: Link?, _ undo: inout Undo
  ) throws(NetlinkError) -> Link {
    let mtu = end.attributes.mtu ?? 1500
    // Somebody else may be adding the same attachment.
    if former == nil, try routes.addLink(name.text, kind: "ifb", mtu: mtu) {
      undo.add { (routes) throws(NetlinkError) in
        if let made = try routes.linkIfAny(named: name.text) { try routes.removeLink(made.index) }
      }
    }
    let ifb = if let former { former } else { try routes.link(named: name.text) }
    var changes = LinkAttributes()
    let alias = IFBAlias(owner, hostInterface: end.name).text
    if ifb.attributes.alias != alias { changes.alias = alias }
    if ifb.attributes.mtu != mtu { changes.mtu = mtu }
    if !changes.isEmpty { try routes.set(changes, of: ifb.index) }
    return ifb
  }

  /// Adds the wanted filters behind everybody else's, and then removes former ones.
  private func applyFilters(
    _ wanted: Shaping, to end: Link, _ ifb: Link, _ undo: inout Undo
  ) throws(NetlinkError) {
    let place = TrafficHandle.ingressFilters
    let present = try routes.filters(of: end.index, at: place)
    let former = present.u32.filter { $0.isOurs([ifb.index]) }
    let filters = wanted.filters(to: ifb.index)
    if former.map(\.rule) == filters.map(\.rule) { return }
    let others = present.priorities.filter { priority in !former.contains { $0.priority == priority } }.max() ?? 0
    guard others < .max - 5 else {
      throw NetlinkError("add filters behind the one of priority \(others)", number: ENOSPC)
    }
    // The former ones stay until the new ones are there, and have one of two places.
    var first = max(Shaping.firstPriority, others + 1)
    if former.contains(where: { (first...first + 2).contains($0.priority) }) { first += 3 }
    undo.add { (routes) throws(NetlinkError) in
      let present = try routes.filters(of: end.index, at: place).u32
      let new = present.filter { $0.isOurs([ifb.index]) && !former.contains($0) }
      try routes.remove(new, among: present, of: end.index, at: place)
    }
    for filter in filters { try routes.add(filter.rule, priority: first + filter.priority, to: end.index, at: place) }
    try routes.remove(former, among: present.u32, of: end.index, at: place)
  }
}

extension Qdisc {
  /// Whether it has the form in which we, or the peer, make the root of a host's end.
  var isOurs: Bool {
    switch kind {
    case "tbf": handle == Shaping.bucketHandle
    case "htb": handle == Shaping.selectiveHandle
    default: false
    }
  }
}

extension TrafficFilter {
  /// Whether it has our mark, or sends packets to one of these interfaces, as the peer's do.
  func isOurs(_ ifbs: [UInt32]) -> Bool {
    rule.classID == Shaping.mark || rule.target.map { ifbs.contains($0) } ?? false
  }
}

/// What takes back the changes that were made, the last first.
struct Undo {
  private var steps: [(borrowing NetlinkSocket) throws(NetlinkError) -> Void] = []

  mutating func add(_ step: @escaping (borrowing NetlinkSocket) throws(NetlinkError) -> Void) { steps.append(step) }

  /// Goes on after a failure: the error that led here is the one to tell.
  func run(_ routes: borrowing NetlinkSocket) {
    for step in steps.reversed() { try? step(routes) }
  }
}
