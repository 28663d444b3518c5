// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

/// Addresses of Kubernetes services, which IPVS or a DNS cache makes local to this host in order to receive their packets.
struct ServiceAddresses {
  /// The interfaces to which kube-proxy, kube-router and NodeLocal DNSCache add them; no packet comes in by these.
  private static let interfaces = ["kube-ipvs0", "kube-dummy-if", "nodelocaldns"]

  /// The indexes of those interfaces that exist.
  private let present: [UInt32]

  init() { present = Self.interfaces.compactMap { RouteSocket.linkIndex(named: $0) } }

  /// Whether this host has no such interface.
  var isEmpty: Bool { present.isEmpty }

  /// All these addresses, except those that another interface of this host has too.
  func list() throws(CNIError) -> [IPAddress] {
    if isEmpty { return [] }
    let all = try reporting { () throws(NetlinkError) in try RouteSocket.open().addresses() }
    let own = Set(all.filter { !present.contains($0.interface) }.map(\.address))
    return all.filter { present.contains($0.interface) && !own.contains($0.address) }.map(\.address)
  }
}
