// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

/// What the kernel remembers of flows that have no connection to end: they would go on to where their first packet
/// went.
struct Flows {
  private let backend: any PortForwardingBackend
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  init(_ backend: any PortForwardingBackend, note: @escaping (String) -> Void) {
    self.backend = backend
    self.note = note
  }

  /// Makes the kernel forget the UDP and SCTP flows to the ports of these forwards that lead somewhere else. A flow to
  /// an address of the host whose port is forwarded by itself is not one of a forward for all addresses.
  func forget(strayingFrom forwards: [PortForward]) throws(CNIError) {
    let flows = try flows(to: forwards)
    if flows.isEmpty { return }
    let own = Dictionary(forwards.map { ($0.hostPort, $0.destination) }) { first, _ in first }
    var stray: [Flow] = []
    for (flow, port) in flows {
      var destination = own[port]
      if destination == nil { destination = try backend.destination(of: port) ?? own[port.onAllAddresses] }
      if let destination, !flow.leads(to: destination) { stray.append(flow) }
    }
    try forget(stray)
  }

  /// Makes the kernel forget the UDP and SCTP flows that these forwards, which hold no more, have sent to their
  /// destinations.
  func forget(following forwards: [PortForward]) throws(CNIError) {
    let flows = try flows(to: forwards)
    if flows.isEmpty { return }
    let former = Dictionary(grouping: forwards, by: \.hostPort)
    let followers = flows.filter { flow, port in
      (former[port] ?? []).contains { flow.leads(to: $0.destination) }
        || (former[port.onAllAddresses] ?? []).contains { flow.leads(to: $0.destination) }
    }
    try forget(followers.map(\.flow))
  }

  /// The flows of transports without connections to the ports of these forwards, each with the port and address it went
  /// to.
  private func flows(to forwards: [PortForward]) throws(CNIError) -> [(flow: Flow, port: HostPort)] {
    let destinations = forwards.map(\.hostPort).filter { $0.transport != .tcp }.map {
      FlowDestination(family: $0.family, transport: $0.transport.number, port: $0.port, address: $0.address)
    }
    if destinations.isEmpty { return [] }
    let flows = try kernel { () throws(NetlinkError) in
      do throws(NetlinkError) {
        return try NetlinkSocket.open(.netfilter).flows(to: destinations)
      } catch {
        // The ports work all the same; only what was there before goes on for a while.
        guard error.saysNoConntrack else { throw error }
        note("portmap: the kernel has no nf_conntrack_netlink: flows to forwarded ports are not forgotten")
        return []
      }
    }
    return flows.compactMap { flow in HostPort(flow).map { (flow, $0) } }
  }

  /// Forgets the flows to addresses of this host: one through it, to a name server elsewhere, is not one to port 53
  /// here.
  private func forget(_ flows: [Flow]) throws(CNIError) {
    if flows.isEmpty { return }
    try kernel { () throws(NetlinkError) in
      let conntrack = try NetlinkSocket.open(.netfilter)
      let routes = try NetlinkSocket.open(.route)
      var isLocal: [IPAddress: Bool] = [:]
      for flow in flows {
        if isLocal[flow.address] == nil { isLocal[flow.address] = try self.isLocal(flow.address, routes) }
        if isLocal[flow.address] == true { try conntrack.forget(flow) }
      }
    }
  }

  private func isLocal(_ address: IPAddress, _ routes: borrowing NetlinkSocket) throws(NetlinkError) -> Bool {
    do {
      return try routes.route(to: address).isLocal
    } catch {
      if error.isNoRoute { return false }
      throw error
    }
  }

  private func kernel<T>(_ body: () throws(NetlinkError) -> T) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      throw CNIError(.kernelRefused, "forget the flows to forwarded ports: \(error)")
    }
  }
}

extension HostPort {
  /// The port of this host that a flow went to.
  fileprivate init?(_ flow: Flow) {
    guard let transport = Transport.allCases.first(where: { $0.number == flow.transport }) else { return nil }
    self.init(family: flow.address.family, transport: transport, port: flow.port, address: flow.address)
  }

  fileprivate var onAllAddresses: HostPort {
    HostPort(family: family, transport: transport, port: port, address: nil)
  }
}

extension Flow {
  fileprivate func leads(to endpoint: Endpoint) -> Bool {
    destination == endpoint.address && destinationPort == endpoint.port
  }
}
