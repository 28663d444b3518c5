// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Rules
import Skel
import Veth

/// The host end of a container's veth, found by the kernel, whatever the result says.
struct HostLink: Sendable {
  let name: String
  /// The bridge that the interface is a port of; nil if it is none.
  let bridge: String?
  private let port: BridgePort?

  init(name: String, bridge: String?, port: BridgePort? = nil) {
    self.name = name
    self.bridge = bridge
    self.port = port
  }

  /// Throws code 7 if the container's interface is no veth with an end on this host.
  static func find(_ request: Request) throws(CNIError) -> HostLink {
    let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let end = try request.hostEnd(routes, of: "is known by its end on the host")
    return try reporting { () throws(NetlinkError) in
      let port = try routes.bridgePort(named: end.name)
      guard let port, let master = end.master else { return HostLink(name: end.name, bridge: nil) }
      return HostLink(name: end.name, bridge: try routes.linkName(master), port: port)
    }
  }

  /// Like `find(_:)` for an isolation, which needs a bridge: throws code 7 if the container is on none.
  static func find(_ request: Request, isolating policy: String) throws(CNIError) -> HostLink {
    let link: HostLink
    do throws(CNIError) {
      link = try find(request)
    } catch {
      throw CNIError(error.code, "ingressPolicy: \(error.message)", details: error.details)
    }
    let interface = request.attachment.interface
    guard let bridge = link.bridge else {
      throw CNIError(
        .invalidConfiguration,
        "ingressPolicy: \(policy) needs a container on a bridge, but \(link.name), the other end of \(interface), is no port of one"
      )
    }
    for name in [bridge, link.name] where !isQuotable(name) {
      throw CNIError(
        .invalidConfiguration,
        "ingressPolicy: \(policy) needs names of interfaces that nft can read again, without \" \\ and *, found \(name)"
      )
    }
    return link
  }

  /// Whether nft can read the name back from the quotation marks in which it prints it: a listing of the ruleset must be
  /// loadable.
  static func isQuotable(_ name: String) -> Bool { !name.utf8.contains { "\"\\*".utf8.contains($0) } }

  /// Describes a wrong isolation of the bridge port.
  func problems(_ isolation: Isolation.Kind?, _ recorded: [RecordedPort]) -> [String] {
    guard let port else { return [] }
    if isolation == .isolated { return port.isIsolated ? [] : ["bridge port \(name) is not isolated"] }
    let isLeft = port.isIsolated && recorded.contains { $0.name == name && $0.isIsolated }
    return isLeft ? ["bridge port \(name) is still isolated"] : []
  }
}

/// The kernel's isolation of bridge ports: no frames pass between isolated ports of a bridge, which no rule for packets could
/// ensure.
enum PortIsolation {
  /// Switches the isolation of a bridge port on or off; does nothing if the interface is gone or is no bridge port any more.
  static func set(_ isIsolated: Bool, ofPort name: String) throws(CNIError) {
    try reporting { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      guard let port = try routes.bridgePort(named: name), port.isIsolated != isIsolated else { return }
      try routes.isolate(port, isIsolated)
    }
  }
}
