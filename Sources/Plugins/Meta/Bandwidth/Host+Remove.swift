// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink

extension Host {
  /// Removes what an attachment has: on the host's end, as far as that is there, and its IFBs.
  func remove(_ ifbs: [Link], from end: Link?) throws(NetlinkError) {
    if let end { try clear(end, of: ifbs) }
    try routes.removeLinks(ifbs.map(\.index))
  }

  /// Removes what an attachment has on the host's end; its IFBs, which get no packets then, stay.
  func clear(_ end: Link, of ifbs: [Link]) throws(NetlinkError) {
    if let root = try routes.qdisc(of: end.index, at: .root), root.isOurs {
      try routes.removeQdisc(of: end.index, at: .root)
    }
    try clearEgress(of: end, ifbs)
    // Last: until then it tells the next attempt where to look.
    for name in end.alternativeNames where name.hasPrefix(HostEndName.prefix) {
      try routes.removeAlternativeName(name, from: end.index)
    }
  }

  /// Removes our filters with the ingress qdisc, if nothing else is in it, and then the IFBs: a filter whose IFB is gone
  /// would drop all that the container sends.
  func removeEgress(of end: Link, _ ifbs: [Link]) throws(NetlinkError) {
    try clearEgress(of: end, ifbs)
    try routes.removeLinks(ifbs.map(\.index))
  }

  private func clearEgress(of end: Link, _ ifbs: [Link]) throws(NetlinkError) {
    let place = TrafficHandle.ingressFilters
    if let ingress = try routes.qdisc(of: end.index, at: .ingress) {
      let present = try routes.filters(of: end.index, at: place).u32
      let own = present.filter { $0.isOurs(ifbs.map(\.index)) }
      try routes.remove(own, among: present, of: end.index, at: place)
      // A clsact is never ours; nor is an ingress qdisc that only somebody else's filters are in.
      if !own.isEmpty || !ifbs.isEmpty, ingress.kind == "ingress",
        try routes.filters(of: end.index, at: place).priorities.isEmpty
      {
        try routes.removeQdisc(of: end.index, at: .ingress)
      }
    }
  }

  /// The host's end that an IFB's alias names, or one of these for an IFB without, as upstream makes it; nil unless its
  /// packets are still sent to that IFB.
  func end(of ifb: Link, among names: [String] = []) throws(NetlinkError) -> Link? {
    for name in IFBAlias(ifb.attributes.alias ?? "").map({ [$0.hostInterface] }) ?? names {
      guard isInterfaceName(name) else { continue }
      if let end = try routes.linkIfAny(named: name), try sends(end, to: ifb) { return end }
    }
    return nil
  }

  /// Whether packets that an interface receives are sent to an IFB.
  func sends(_ end: Link, to ifb: Link) throws(NetlinkError) -> Bool {
    if try routes.qdisc(of: end.index, at: .ingress) == nil { return false }
    return try routes.filters(of: end.index, at: .ingressFilters).u32.contains { $0.rule.target == ifb.index }
  }
}
