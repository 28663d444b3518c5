// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Skel

/// Brings the container's loopback interface up.
package struct Loopback: Plugin {
  package let name = "loopback"
  /// It is `lo` whatever CNI_IFNAME is.
  private static let interface = "lo"

  package init() {}

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let previous = try request.config.previousResult()
    let addresses = try inContainer(request) { (routes, link) throws(CNIError) in
      try allOrNothing(undo: { () throws(CNIError) in
        if !link.isUp { try reporting { () throws(NetlinkError) in try routes.bringDown(link.index) } }
      }) { () throws(CNIError) in
        let addresses = try reporting { () throws(NetlinkError) in
          if !link.isUp { try routes.bringUp(link.index) }
          return try routes.addresses(of: link.index).map(\.prefix)
        }
        if let other = addresses.first(where: { !$0.isLoopback }) {
          throw CNIError(.resourceConflict, "the interface lo has the address \(other), which is no loopback address")
        }
        return addresses
      }
    }
    if let previous { return previous }
    let interface = NetworkResult.Interface(
      name: Self.interface, mac: "00:00:00:00:00:00", sandbox: request.namespace)
    return NetworkResult(interfaces: [interface], ips: addresses.map { NetworkResult.IPConfig($0, interface: 0) })
  }

  package func delete(_ request: Request) throws(CNIError) {
    if request.namespace == nil { return }
    do {
      try inContainer(request) { (routes, link) throws(CNIError) in
        try reporting { () throws(NetlinkError) in try routes.bringDown(link.index) }
      }
    } catch {
      // A namespace that is gone has nothing to bring down.
      if error.code != .badEnvironment { throw error }
    }
  }

  package func check(_ request: Request) throws(CNIError) {
    try inContainer(request) { (_, link) throws(CNIError) in
      if !link.isUp { throw CNIError(.checkFailed, "the interface lo is down") }
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {}

  package func status(_ request: NetworkRequest) throws(CNIError) {}

  private func inContainer<T>(
    _ request: Request, _ body: (borrowing RouteSocket, Link) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try request.inContainer { (_) throws(CNIError) in
      let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      let link = try reporting { () throws(NetlinkError) in try routes.link(named: Self.interface) }
      return try body(routes, link)
    }
  }
}

extension Prefix {
  /// Whether it is in 127.0.0.0/8, or is `::1`.
  fileprivate var isLoopback: Bool { Prefix.loopback4.contains(address) || address == .loopback6 }
}
