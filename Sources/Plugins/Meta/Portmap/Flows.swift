// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

/// The kernel's conntrack entries of UDP and SCTP flows to forwarded ports, which would keep sending packets to a former
/// destination.
struct Flows {
  private static let action = "forget the flows to forwarded ports"
  private let backend: any PortForwarder
  /// Writes a note for the operator to stderr.
  private let note: (String) -> Void

  init(_ backend: any PortForwarder, note: @escaping (String) -> Void) {
    self.backend = backend
    self.note = note
  }

  /// Removes the UDP and SCTP flows to the host ports of these forwards whose destination is not that of a new flow.
  func forget(strayingFrom forwards: [PortForward]) throws(CNIError) {
    let paths = try paths(to: forwards)
    if paths.isEmpty { return }
    let destinations = try backend.destinations(of: paths.map(\.port))
    let stray = zip(paths, destinations).filter { path, destination in
      destination.map { !path.flow.leads(to: $0) } ?? false
    }
    try forget(stray.map(\.0.flow))
  }

  /// Removes the UDP and SCTP flows that these forwards, which are gone, have sent to their destinations.
  func forget(following forwards: [PortForward]) throws(CNIError) {
    let paths = try paths(to: forwards)
    if paths.isEmpty { return }
    let former = Dictionary(grouping: forwards, by: \.hostPort)
    let followers = paths.filter { flow, port in
      (former[port] ?? []).contains { flow.leads(to: $0.destination) }
        || (former[port.onAllAddresses] ?? []).contains { flow.leads(to: $0.destination) }
    }
    try forget(followers.map(\.flow))
  }

  /// The paths of the UDP and SCTP flows to the host ports of these forwards, each with the host port and address that its
  /// packets were sent to.
  private func paths(to forwards: [PortForward]) throws(CNIError) -> [(flow: FlowPath, port: HostPort)] {
    let destinations = forwards.map(\.hostPort).filter { $0.transport != .tcp }.map {
      FlowDestination(family: $0.family, transport: $0.transport.number, port: $0.port, address: $0.address)
    }
    if destinations.isEmpty { return [] }
    let paths = try reporting(Self.action) { () throws(NetlinkError) in
      do throws(NetlinkError) {
        return try NetfilterSocket.open().flowPaths(to: destinations)
      } catch {
        // Only a note: forwarding works without it, and flows that are already tracked end after a while.
        guard error.isConntrackMissing else { throw error }
        note("portmap: the kernel has no nf_conntrack_netlink: flows to forwarded ports are not forgotten")
        return []
      }
    }
    return paths.compactMap { path in HostPort(path).map { (path, $0) } }
  }

  /// Removes the flows on these paths whose packets were sent to addresses of this host: a flow through the host, to port 53 of a
  /// name server elsewhere, is not one to port 53 here.
  private func forget(_ paths: [FlowPath]) throws(CNIError) {
    if paths.isEmpty { return }
    try reporting(Self.action) { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      var isLocal: [IPAddress: Bool] = [:]
      for path in paths where isLocal[path.address] == nil {
        isLocal[path.address] = try self.isLocal(path.address, routes)
      }
      let local = paths.filter { isLocal[$0.address] ?? false }
      if !local.isEmpty { try NetfilterSocket.open().forgetFlows(on: local) }
    }
  }

  private func isLocal(_ address: IPAddress, _ routes: borrowing RouteSocket) throws(NetlinkError) -> Bool {
    do {
      return try routes.lookUpRoute(to: address).isLocal
    } catch {
      if error.isNoRoute { return false }
      throw error
    }
  }
}

extension HostPort {
  /// The host port that packets on a path were sent to.
  fileprivate init?(_ flow: FlowPath) {
    guard let transport = TransportProtocol.allCases.first(where: { $0.number == flow.transport }) else { return nil }
    self.init(family: flow.address.family, transport: transport, port: flow.port, address: flow.address)
  }
}

extension FlowPath {
  fileprivate func leads(to endpoint: Endpoint) -> Bool {
    destination == endpoint.address && destinationPort == endpoint.port
  }
}
