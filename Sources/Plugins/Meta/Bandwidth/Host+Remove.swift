// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink

extension Host {
  /// Removes the shaping of a host end, if there is one, and these IFBs.
  func remove(_ ifbs: [Link], from end: Link?) throws(NetlinkError) {
    if let end { try clear(end, of: ifbs) }
    try routes.removeLinks(ifbs.map(\.index))
  }

  /// Removes the shaping of a host end; its IFBs stay, and get no packets.
  func clear(_ end: Link, of ifbs: [Link]) throws(NetlinkError) {
    if let root = try routes.qdisc(of: end.index, at: .root), root.isOurs {
      try routes.removeQdisc(of: end.index, at: .root)
    }
    try clearEgress(of: end, ifbs)
    // Last, as a DEL that is repeated finds the host end by it.
    for name in end.alternativeNames where name.hasPrefix(HostEndName.prefix) {
      try routes.removeAlternativeName(name, from: end.index)
    }
  }

  /// Removes our filters, the ingress qdisc if it holds no others, and then the IFBs: a filter whose IFB is gone would drop every
  /// packet of the container.
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
      // We make no clsact; an ingress qdisc that never held our filters is somebody else's.
      if !own.isEmpty || !ifbs.isEmpty, ingress.kind == "ingress",
        try routes.filters(of: end.index, at: place).priorities.isEmpty
      {
        try routes.removeQdisc(of: end.index, at: .ingress)
      }
    }
  }

  /// The host end that an IFB's alias names. An IFB of upstream's has none: there it is one of `names`. Returns nil if the host end no
  /// longer sends packets to the IFB.
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
