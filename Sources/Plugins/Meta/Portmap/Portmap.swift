// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Skel

/// What of a host decides by which backend ports are published where the configuration does not say it.
package struct PortmapHost {
  /// Whether kube-proxy's rules in the tables of iptables tell which addresses are services'.
  let hasServiceRules: () throws(CNIError) -> Bool
  /// Whether the kernel has nf_tables, or that cannot be told; asked only when something has failed as if it had not.
  let hasNFTables: () -> Bool

  package init(
    hasServiceRules: @escaping () throws(CNIError) -> Bool, hasNFTables: @escaping () -> Bool
  ) {
    self.hasServiceRules = hasServiceRules
    self.hasNFTables = hasNFTables
  }
}

/// Publishes ports of a container as ports of the host.
package struct Portmap: Plugin {
  package let name = "portmap"
  /// The one that rules are written by unless the configuration says otherwise, or the host does.
  private let nftables: any PortForwarder
  /// Makes the one that writes into the tables of iptables.
  private let iptables: (IPTablesSettings) throws(CNIError) -> any PortForwarder
  private let host: PortmapHost
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  package init(
    nftables: any PortForwarder,
    iptables: @escaping (IPTablesSettings) throws(CNIError) -> any PortForwarder,
    host: PortmapHost, note: @escaping (String) -> Void
  ) {
    self.nftables = nftables
    self.iptables = iptables
    self.host = host
    self.note = note
  }

  /// Lets the backend that a configuration asks for do something, or the one that fits the host: where IPVS makes the addresses of
  /// services local, only rules behind those of kube-proxy leave it all of them; and a kernel without nf_tables, which an attempt tells
  /// at no cost to others, has the tables of iptables alone.
  private func withBackend<T>(
    _ options: PortmapOptions, _ services: ServiceAddresses,
    _ body: (any PortForwarder) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    switch options.backend {
    case .iptables(let settings): return try body(iptables(settings))
    case .fitting(let settings) where !services.isEmpty:
      if try host.hasServiceRules() { return try body(iptables(settings)) }
    case .fitting, .nftables: break
    }
    do throws(CNIError) {
      return try body(nftables)
    } catch {
      // A probe fails so too where nf_tables lacks something.
      if error.code != .notAvailable || host.hasNFTables() { throw error }
      return try body(iptables(options.iptablesInsteadOfNFTables()))
    }
  }

  /// Every backend that may have written something, whatever the configuration says now. Whichever variant of iptables is named,
  /// rules are removed from the tables of both.
  private func all() throws(CNIError) -> [any PortForwarder] {
    [nftables, try iptables(IPTablesSettings(variant: .nft))]
  }

  /// Removes forwards by each backend that the kernel has, whatever came of the other.
  private func eachBackend(
    _ remove: (any PortForwarder) throws(CNIError) -> [PortForward]
  ) throws(CNIError) {
    let backends = try all()
    var failures = ErrorCollector()
    for backend in backends {
      failures.run { () throws(CNIError) in
        do throws(CNIError) {
          try forget(remove(backend), by: backend, users: backends)
        } catch {
          // What the kernel does not have holds nothing.
          if error.code != .notAvailable { throw error }
        }
      }
    }
    try failures.throwIfAny()
  }

  /// Ends what went with forwards that a backend has removed.
  private func forget(
    _ forwards: [PortForward], by backend: any PortForwarder, users: [any PortForwarder]
  ) throws(CNIError) {
    try Flows(backend, note: note).forget(following: forwards)
    try Localhost.close(after: forwards, guardedBy: backend, users: users, note: note)
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (wanted, options, result) = try wanted(request) { note("\(name): \($0)") }
    let services = ServiceAddresses()
    if !services.isEmpty { try spare(services) }
    if wanted.forwards.isEmpty {
      removeFormer(wanted, options, services)
      return result
    }
    let localhost = try Localhost(for: wanted.forwards)
    let hairpin = try Hairpin(for: wanted.forwards, request)
    let takeovers = try withBackend(options, services) { (backend) throws(CNIError) -> [Takeover] in
      var wanted = wanted
      if backend.looksForAttachmentsSlowly { wanted.isOnlyAttachment = request.isForOnlyInterface }
      do throws(CNIError) {
        let change = try backend.apply(wanted, onConflict: options.onConflict)
        try change.complete { () throws(CNIError) in
          try localhost.enable(guardedBy: backend)
          try hairpin.enable()
          try Flows(backend, note: note).forget(strayingFrom: wanted.forwards)
        }
        return change.takeovers
      } catch {
        // The first error is the one to tell.
        try? Localhost.close(after: wanted.forwards, guardedBy: backend, users: try all(), note: note)
        throw error
      }
    }
    for takeover in takeovers { note("\(name): \(takeover.subject) taken over from \(takeover.previous)") }
    return result
  }

  /// Keeps our own table from taking what comes to services. A kernel without nf_tables has none.
  private func spare(_ services: ServiceAddresses) throws(CNIError) {
    do throws(CNIError) {
      try nftables.spare(try services.list())
    } catch {
      if error.code != .notAvailable { throw error }
    }
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Whatever is wrong with the configuration now, the owner is known, and what it has can be found by it.
    let hint = (try? wanted(request))?.wanted ?? PortForwardingRequest(request.attachment, [])
    let ports = PortmapOptions.readableHostPorts(request.config)
    try eachBackend { (backend) throws(CNIError) in
      try backend.remove(hint, ports: ports)
    }
  }

  /// What the container had before it was added with nothing to publish. A host that cannot tell has nothing of it, and such
  /// a container must not fail for that.
  private func removeFormer(
    _ nothing: PortForwardingRequest, _ options: PortmapOptions, _ services: ServiceAddresses
  ) {
    do {
      try withBackend(options, services) { (backend) throws(CNIError) in
        try forget(backend.remove(nothing, ports: []), by: backend, users: try all())
      }
    } catch {
      note("\(name): \(error.message)")
    }
  }

  package func check(_ request: Request) throws(CNIError) {
    let (wanted, options, _) = try wanted(request)
    if wanted.forwards.isEmpty { return }
    let services = ServiceAddresses()
    var problems = try withBackend(options, services) { (backend) throws(CNIError) in try backend.verify(wanted) }
    // IPVS may have come after the container.
    if !problems.isEmpty, options.iptables == nil, !services.isEmpty, (try? nftables.verify(wanted)) == [] {
      problems = []
    }
    problems += try Localhost(for: wanted.forwards).problems() + Hairpin(for: wanted.forwards, request).problems()
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(wanted.attachment): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let backends = try all()
    try eachBackend { (backend) throws(CNIError) in
      let forwards = try backend.removeAll(ofNetwork: request.config.name, sparing: valid)
      try Localhost.closeAll(guardedBy: backend, users: backends, note: note)
      return forwards
    }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    try withBackend(PortmapOptions(request.config), ServiceAddresses()) { (backend) throws(CNIError) in
      try backend.probe()
    }
  }

  /// The forwards that a configuration asks for; none without port mappings. `note` is told of each mapping that is left out.
  private func wanted(
    _ request: Request, note: (String) -> Void = { _ in }
  ) throws(CNIError) -> (wanted: PortForwardingRequest, options: PortmapOptions, result: NetworkResult) {
    let options = try PortmapOptions(request.config)
    let result = try request.config.previousResult(requiredBy: name)
    let forwards = options.forwards(to: request.attachment, result, note: note)
    return (PortForwardingRequest(request.attachment, forwards), options, result)
  }
}
