// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink

extension Host {
  /// Makes everything what the shaping says, or changes nothing; returns the IFB if there is one.
  func apply(
    _ wanted: Shaping, to end: Link, of owner: Attachment, note: (String) -> Void
  ) throws(CNIError) -> Link? {
    let root = try kernel("shape \(end.name)") { () throws(NetlinkError) in try routes.qdisc(of: end.index, at: .root) }
    if wanted.ingress != nil { try requireOwn(root, of: end) }
    let (name, ifb) = try ifb(of: owner, fedBy: end)
    var undo = Undo()
    do throws(NetlinkError) {
      // First, so that a DEL finds the rest however this call ends.
      try remember(end, of: owner, &undo)
      let made = try applyEgress(wanted, to: end, of: owner, name, ifb, &undo)
      try applyIngress(wanted, to: end, root, &undo)
      // What is replaced goes last, when nothing else can fail.
      if let made {
        try routes.remove(made.former, among: made.former + made.others, of: end.index, at: .ingressFilters)
        if made.isBehindOthers {
          note("\(end.name) has filters of somebody else before ours: what they decide about is not limited")
        }
        return made.ifb
      }
      try removeEgress(of: end, ifb.map { [$0] } ?? [])
      return nil
    } catch {
      undo.run(routes)
      throw CNIError(.kernelRefused, "shape \(end.name): \(error)")
    }
  }

  private func remember(_ end: Link, of owner: Attachment, _ undo: inout Undo) throws(NetlinkError) {
    let name = HostEndName(owner).text
    if end.alternativeNames.contains(name) { return }
    // One that is no longer the container's: what was on it is nobody's now.
    if let former = try routes.linkIfAny(named: name) { try remove([], from: former) }
    undo.add { (routes) throws(NetlinkError) in try routes.removeAlternativeName(name, from: end.index) }
    try routes.addAlternativeName(name, to: end.index)
  }

  /// Throws code 103, which says whose it is, if somebody else has a qdisc where the bucket would have to be.
  private func requireOwn(_ root: Qdisc?, of end: Link) throws(CNIError) {
    guard let root, !root.isOurs else { return }
    let reason = "\(end.name) has the root qdisc \(root.kind) \(root.handle) of somebody else"
    throw CNIError(.resourceConflict, "\(reason): remove it, or leave this container's rates to it")
  }

  private func applyIngress(
    _ wanted: Shaping, to end: Link, _ root: Qdisc?, _ undo: inout Undo
  ) throws(NetlinkError) {
    guard let bucket = wanted.ingress else {
      if let root, root.isOurs { try routes.removeQdisc(of: end.index, at: .root) }
      return
    }
    if try isApplied(wanted, to: end, root) { return }
    let isSelective = root?.handle == Shaping.selectiveHandle
    let former = isSelective ? try routes.selectiveBucket(of: end.index, handle: Shaping.selectiveHandle) : nil
    undo.add { (routes) throws(NetlinkError) in
      if let former { return try routes.set(former, of: end.index, handle: Shaping.selectiveHandle) }
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

  /// The IFB with, of the host's end's filters, those of ours that were replaced, those of others as far as they are
  /// known, and whether there are any.
  private typealias Egress = (ifb: Link, former: [TrafficFilter], others: [TrafficFilter], isBehindOthers: Bool)

  private func applyEgress(
    _ wanted: Shaping, to end: Link, of owner: Attachment, _ name: IFBName, _ former: Link?, _ undo: inout Undo
  ) throws(NetlinkError) -> Egress? {
    guard let bucket = wanted.egress else { return nil }
    let ifb = try makeIFB(name, for: end, of: owner, former, &undo)
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
    if try routes.qdisc(of: end.index, at: .ingress) == nil {
      undo.add { (routes) throws(NetlinkError) in
        guard try routes.qdisc(of: end.index, at: .ingress)?.kind == "ingress" else { return }
        if try routes.filters(of: end.index, at: .ingressFilters).priorities.isEmpty {
          try routes.removeQdisc(of: end.index, at: .ingress)
        }
      }
      try routes.addIngress(to: end.index)
    }
    return try applyFilters(wanted, to: end, ifb, &undo)
  }

  private func makeIFB(
    _ name: IFBName, for end: Link, of owner: Attachment, _ former: Link?, _ undo: inout Undo
  ) throws(NetlinkError) -> Link {
    let mtu = end.attributes.mtu ?? 1500
    let alias = IFBAlias(owner, hostInterface: end.name).text
    let group = IFBAlias.groupWithout(owner.network)
    if former == nil {
      undo.add { (routes) throws(NetlinkError) in
        guard let made = try routes.linkIfAny(named: name.text) else { return }
        if made.attributes.alias == alias || made.attributes.group == group { try routes.removeLink(made.index) }
      }
      // Somebody else may be adding the same attachment.
      var new = NewLink(name.text, .ifb)
      new.attributes.mtu = mtu
      new.attributes.group = group
      try routes.add(new)
    }
    let ifb = if let former { former } else { try routes.link(named: name.text) }
    var changes = LinkAttributes()
    if ifb.attributes.group == group { changes.group = 0 }
    if ifb.attributes.alias != alias { changes.alias = alias }
    if ifb.attributes.mtu != mtu { changes.mtu = mtu }
    if !changes.isEmpty { try routes.set(changes, of: ifb.index) }
    return ifb
  }

  /// Adds the wanted filters behind everybody else's.
  private func applyFilters(
    _ wanted: Shaping, to end: Link, _ ifb: Link, _ undo: inout Undo
  ) throws(NetlinkError) -> Egress {
    let place = TrafficHandle.ingressFilters
    let present = try routes.filters(of: end.index, at: place)
    let former = present.u32.filter { $0.isOurs([ifb.index]) }
    let filters = wanted.filters(to: ifb.index)
    let foreign = present.u32.filter { !former.contains($0) }
    let taken = former.map(\.priority)
    let others = present.priorities.filter { !taken.contains($0) }.max() ?? 0
    if former.map(\.rule) == filters.map(\.rule) { return (ifb, [], foreign, others > 0) }
    // The former ones stay until all else is there.
    var first = max(Int(Shaping.firstPriority), Int(others) + 1)
    while taken.contains(where: { (first...first + 2).contains(Int($0)) }) { first += 1 }
    guard let start = UInt16(exactly: first), start <= .max - 2 else {
      throw NetlinkError("add filters behind the one of priority \(others)", number: ENOSPC)
    }
    undo.add { (routes) throws(NetlinkError) in
      let present = try routes.filters(of: end.index, at: place).u32
      let new = present.filter { $0.isOurs([ifb.index]) && !former.contains($0) }
      try routes.remove(new, among: present, of: end.index, at: place)
    }
    for filter in filters { try routes.add(filter.rule, priority: start + filter.priority, to: end.index, at: place) }
    return (ifb, former, foreign, others > 0)
  }
}

extension Qdisc {
  /// Whether it has the form in which we, or upstream, make the root of a host's end.
  var isOurs: Bool {
    switch kind {
    case "tbf": handle == Shaping.bucketHandle
    case "htb": handle == Shaping.selectiveHandle
    default: false
    }
  }
}

extension TrafficFilter {
  /// Whether it has our mark, or sends packets to one of these interfaces, as upstream's do, or is what upstream has left:
  /// it sends packets to an IFB that is gone, and so drops them.
  func isOurs(_ ifbs: [UInt32]) -> Bool {
    if rule.classID == Shaping.mark { return true }
    guard let target = rule.target else { return false }
    return ifbs.contains(target) || target == 0 && rule.classID == Shaping.upstreamClass
  }
}

/// What takes back the changes that were made, the last first.
struct Undo {
  private var steps: [(borrowing RouteSocket) throws(NetlinkError) -> Void] = []

  mutating func add(_ step: @escaping (borrowing RouteSocket) throws(NetlinkError) -> Void) { steps.append(step) }

  /// Goes on after a failure: the error that led here is the one to tell.
  func run(_ routes: borrowing RouteSocket) {
    for step in steps.reversed() { try? step(routes) }
  }
}
