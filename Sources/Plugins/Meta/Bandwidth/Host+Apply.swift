// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink

extension Host {
  /// Makes the kernel shape as wanted, or changes nothing. Returns the IFB if there is one.
  func apply(
    _ wanted: Shaping, to end: Link, of owner: Attachment, note: (String) -> Void
  ) throws(CNIError) -> Link? {
    let action = "shape \(end.name)"
    let root = try reporting(action) { () throws(NetlinkError) in try routes.qdisc(of: end.index, at: .root) }
    if wanted.ingress != nil { try requireOwn(root, of: end) }
    let (name, ifb) = try ifb(of: owner, fedBy: end)
    return try allOrNothing { (rollback) throws(CNIError) in
      try reporting(action) { () throws(NetlinkError) in
        // First, so that a DEL finds the rest however this call ends.
        try remember(end, of: owner, &rollback)
        let egress = try applyEgress(wanted, to: end, of: owner, name, ifb, &rollback)
        try applyIngress(wanted, to: end, root, &rollback)
        // Replaced filters are removed last, when nothing else can fail.
        guard let egress else {
          try removeEgress(of: end, ifb.map { [$0] } ?? [])
          return nil
        }
        try routes.remove(egress.former, among: egress.former + egress.others, of: end.index, at: .ingressFilters)
        if egress.isBehindOthers {
          note("\(end.name) has filters of somebody else before ours: what they decide about is not limited")
        }
        return egress.ifb
      }
    }
  }

  private func remember(_ end: Link, of owner: Attachment, _ rollback: inout Rollback) throws(NetlinkError) {
    let name = HostEndName(owner).text
    if end.alternativeNames.contains(name) { return }
    // An interface that still has the name is no longer the container's.
    if let former = try routes.linkIfAny(named: name) { try remove([], from: former) }
    rollback.add { (routes) throws(NetlinkError) in try routes.removeAlternativeName(name, from: end.index) }
    try routes.addAlternativeName(name, to: end.index)
  }

  /// Throws code 103, which names the qdisc, if somebody else has one at the root.
  private func requireOwn(_ root: Qdisc?, of end: Link) throws(CNIError) {
    guard let root, !root.isOurs else { return }
    let reason = "\(end.name) has the root qdisc \(root.kind) \(root.handle) of somebody else"
    throw CNIError(.resourceConflict, "\(reason): remove it, or leave this container's rates to it")
  }

  private func applyIngress(
    _ wanted: Shaping, to end: Link, _ root: Qdisc?, _ rollback: inout Rollback
  ) throws(NetlinkError) {
    guard let bucket = wanted.ingress else {
      if let root, root.isOurs { try routes.removeQdisc(of: end.index, at: .root) }
      return
    }
    if try isApplied(wanted, to: end, root) { return }
    let isSelective = root?.handle == Shaping.selectiveHandle
    let former = isSelective ? try routes.selectiveBucket(of: end.index, handle: Shaping.selectiveHandle) : nil
    rollback.add { (routes) throws(NetlinkError) in
      if let former { return try routes.set(former, of: end.index, handle: Shaping.selectiveHandle) }
      // A root qdisc that was there before was ours.
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

  /// Whether the host end has the wanted root qdisc.
  func isApplied(_ wanted: Shaping, to end: Link, _ root: Qdisc?) throws(NetlinkError) -> Bool {
    guard let root, root.isOurs else { return wanted.ingress == nil }
    guard let selective = wanted.selective else {
      return root.bucket.map { wanted.ingress?.isSame(as: $0) ?? false } ?? false
    }
    let found = try routes.selectiveBucket(of: end.index, handle: Shaping.selectiveHandle)
    return found.map { selective.isSame(as: $0) } ?? false
  }
}

extension Rollback {
  /// Adds what undoes a step, which opens a socket of its own: a closure that is kept cannot borrow the host's.
  mutating func add(_ undo: @escaping (borrowing RouteSocket) throws(NetlinkError) -> Void) {
    add { () throws(CNIError) in
      try reporting { () throws(NetlinkError) in try undo(RouteSocket.open()) }
    }
  }
}
