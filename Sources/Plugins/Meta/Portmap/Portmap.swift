// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Skel

/// The properties of a host that decide which backend publishes ports if the configuration names none.
package struct PortmapHost {
  /// Whether the host has kube-proxy's rules in the tables of iptables, behind which rules of iptables leave services their
  /// addresses.
  let hasServiceRules: () throws(CNIError) -> Bool
  /// Whether the kernel has nf_tables, or it cannot be found out; called only after an error that could mean that it is missing.
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
  /// The backend of our own table, used unless the configuration or the host demands the other.
  private let nftables: any PortForwarder
  /// Makes the backend that writes into the tables of iptables.
  private let iptables: (IPTablesSettings) throws(CNIError) -> any PortForwarder
  private let host: PortmapHost
  /// Writes a note for the operator to stderr.
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

  /// Runs `body` with the configured backend, or the one that fits the host. Where IPVS makes the addresses of services local,
  /// only rules behind those of kube-proxy leave services all of their ports. On a kernel without nf_tables, which only a failed
  /// attempt shows, the tables of iptables are used.
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
      // A probe also fails with this code if nf_tables lacks a module.
      if error.code != .notAvailable || host.hasNFTables() { throw error }
      return try body(iptables(options.iptablesInsteadOfNFTables()))
    }
  }

  /// Every backend that may have rules, whatever the configuration says now. Whichever variant of iptables is named, rules are
  /// removed from the tables of both.
  private func all() throws(CNIError) -> [any PortForwarder] {
    [nftables, try iptables(IPTablesSettings(variant: .nft))]
  }

  /// Removes forwards by each backend, also if the other fails.
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
          // A backend that the kernel lacks has no rules.
          if error.code != .notAvailable { throw error }
        }
      }
    }
    try failures.throwIfAny()
  }

  /// Removes the flows and the settings for localhost that belonged to removed forwards.
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
        // The first error is the one to report.
        try? Localhost.close(after: wanted.forwards, guardedBy: backend, users: try all(), note: note)
        throw error
      }
    }
    for takeover in takeovers { note("\(name): \(takeover.subject) taken over from \(takeover.previous)") }
    return result
  }

  /// Exempts the addresses of services from our own table's forwards; does nothing on a kernel without nf_tables.
  private func spare(_ services: ServiceAddresses) throws(CNIError) {
    do throws(CNIError) {
      try nftables.spare(try services.list())
    } catch {
      if error.code != .notAvailable { throw error }
    }
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Even if the configuration is broken now, the owner is known, and its rules are found by it.
    let hint = (try? wanted(request))?.wanted ?? PortForwardingRequest(request.attachment, [])
    let ports = PortmapOptions.readableHostPorts(request.config)
    try eachBackend { (backend) throws(CNIError) in
      try backend.remove(hint, ports: ports)
    }
  }

  /// Removes the forwards of a former ADD when a further one has nothing to publish. An error is only a note: a container without
  /// ports must not fail for it.
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
    // The container may have been added before IPVS was used, and then its forwards are in our own table.
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

  /// The forwards that a configuration asks for; none without port mappings. Each mapping that is left out is reported to `note`.
  private func wanted(
    _ request: Request, note: (String) -> Void = { _ in }
  ) throws(CNIError) -> (wanted: PortForwardingRequest, options: PortmapOptions, result: NetworkResult) {
    let options = try PortmapOptions(request.config)
    let result = try request.config.previousResult(requiredBy: name)
    let forwards = options.forwards(to: request.attachment, result, note: note)
    return (PortForwardingRequest(request.attachment, forwards), options, result)
  }
}
