// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Rules
import Skel
import Veth

/// The bridge that a container's veth is a port of.
struct ContainerBridge: Sendable {
  let name: String
  private let port: BridgePort
  /// The interface that the port is.
  private let interface: String

  /// Throws code 7 if the container is on no bridge.
  static func find(_ request: Request) throws(CNIError) -> ContainerBridge {
    let routes = try kernel { () throws(NetlinkError) in try NetlinkSocket.open(.route) }
    let end: Link
    do {
      end = try request.hostEnd(routes, of: "can be on a bridge")
    } catch {
      throw CNIError(error.code, "ingressPolicy: \(error.message)", details: error.details)
    }
    let port = try kernel { () throws(NetlinkError) in try routes.bridgePort(named: end.name) }
    guard let port, let master = end.master else {
      throw CNIError(
        .invalidConfiguration,
        "ingressPolicy: expected a container on a bridge, but \(end.name), the other end of \(request.owner.interface), is no port of one"
      )
    }
    let name = try kernel { () throws(NetlinkError) in try routes.linkName(master) }
    return ContainerBridge(name: name, port: port, interface: end.name)
  }

  /// Keeps frames, which no rule about packets sees, from going to other containers on the bridge that have the same; or lets
  /// them.
  func isolatePort(_ isIsolated: Bool = true) throws(CNIError) {
    if port.isIsolated == isIsolated { return }
    try Self.kernel { () throws(NetlinkError) in try NetlinkSocket.open(.route).isolate(port, isIsolated) }
  }

  func problems(_ isolation: Isolation.Kind) -> [String] {
    isolation == .isolated && !port.isIsolated ? ["bridge port \(interface) is not isolated"] : []
  }

  private static func kernel<T: ~Copyable>(_ body: () throws(NetlinkError) -> T) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
  }
}
