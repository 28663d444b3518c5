// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink

extension Host {
  /// The IFB, and the filters of the host end: ours that are to be removed, those of others that could be read, and whether others
  /// come before ours.
  typealias Egress = (ifb: Link, former: [TrafficFilter], others: [TrafficFilter], isBehindOthers: Bool)

  func applyEgress(
    _ wanted: Shaping, to end: Link, of owner: Attachment, _ name: IFBName, _ former: Link?, _ rollback: inout Rollback
  ) throws(NetlinkError) -> Egress? {
    guard let bucket = wanted.egress else { return nil }
    let ifb = try makeIFB(name, for: end, of: owner, former, &rollback)
    let old = former == nil ? nil : try routes.qdisc(of: ifb.index, at: .root)?.bucket
    if !(old.map { bucket.isSame(as: $0) } ?? false) {
      if let old {
        rollback.add { (routes) throws(NetlinkError) in
          try routes.setTBF(old, of: ifb.index, handle: Shaping.bucketHandle)
        }
      }
      try routes.setTBF(bucket, of: ifb.index, handle: Shaping.bucketHandle)
    }
    // Only now: to give another qdisc to an interface that is up, the kernel waits for all processors.
    if !ifb.isUp { try routes.bringUp(ifb.index) }
    if try routes.qdisc(of: end.index, at: .ingress) == nil {
      rollback.add { (routes) throws(NetlinkError) in
        guard try routes.qdisc(of: end.index, at: .ingress)?.kind == "ingress" else { return }
        if try routes.filters(of: end.index, at: .ingressFilters).priorities.isEmpty {
          try routes.removeQdisc(of: end.index, at: .ingress)
        }
      }
      try routes.addIngress(to: end.index)
    }
    return try applyFilters(wanted, to: end, ifb, &rollback)
  }

  private func makeIFB(
    _ name: IFBName, for end: Link, of owner: Attachment, _ former: Link?, _ rollback: inout Rollback
  ) throws(NetlinkError) -> Link {
    let mtu = end.attributes.mtu ?? 1500
    let alias = IFBAlias(owner, hostInterface: end.name).text
    let group = IFBAlias.groupWithout(owner.network)
    if former == nil {
      rollback.add { (routes) throws(NetlinkError) in
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

  /// Adds the wanted filters behind those of others.
  private func applyFilters(
    _ wanted: Shaping, to end: Link, _ ifb: Link, _ rollback: inout Rollback
  ) throws(NetlinkError) -> Egress {
    let place = TrafficHandle.ingressFilters
    let present = try routes.filters(of: end.index, at: place)
    let former = present.u32.filter { $0.isOurs([ifb.index]) }
    let filters = wanted.filters(to: ifb.index)
    let foreign = present.u32.filter { !former.contains($0) }
    let taken = former.map(\.priority)
    let others = present.priorities.filter { !taken.contains($0) }.max() ?? 0
    if former.map(\.rule) == filters.map(\.rule) { return (ifb, [], foreign, others > 0) }
    // Our former filters stay until the new ones are there.
    var first = max(Int(Shaping.firstPriority), Int(others) + 1)
    while taken.contains(where: { (first...first + 2).contains(Int($0)) }) { first += 1 }
    guard let start = UInt16(exactly: first), start <= .max - 2 else {
      throw NetlinkError("add filters behind the one of priority \(others)", number: ENOSPC)
    }
    rollback.add { (routes) throws(NetlinkError) in
      let present = try routes.filters(of: end.index, at: place).u32
      let new = present.filter { $0.isOurs([ifb.index]) && !former.contains($0) }
      try routes.remove(new, among: present, of: end.index, at: place)
    }
    for filter in filters { try routes.add(filter.rule, priority: start + filter.priority, to: end.index, at: place) }
    return (ifb, former, foreign, others > 0)
  }
}
