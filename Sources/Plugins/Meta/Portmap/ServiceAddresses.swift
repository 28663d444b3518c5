// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

/// Addresses that are local to this host only so that IPVS, or a cache of names, gets their packets: those of Kubernetes'
/// services, none of which is this host's own.
struct ServiceAddresses {
  /// The interfaces that kube-proxy, kube-router and NodeLocal DNSCache put them on, which no packet comes by.
  private static let interfaces = ["kube-ipvs0", "kube-dummy-if", "nodelocaldns"]

  /// The indexes of those that are there.
  private let present: [UInt32]

  init() { present = Self.interfaces.compactMap { RouteSocket.linkIndex(named: $0) } }

  /// Whether there are any.
  var isEmpty: Bool { present.isEmpty }

  /// All of them, but for those that an interface of this host has as well.
  func list() throws(CNIError) -> [IPAddress] {
    if isEmpty { return [] }
    let all: [InterfaceAddress]
    do throws(NetlinkError) {
      all = try RouteSocket.open().addresses()
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
    let own = Set(all.filter { !present.contains($0.interface) }.map(\.address))
    return all.filter { present.contains($0.interface) && !own.contains($0.address) }.map(\.address)
  }
}
