// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Skel

/// Publishes ports of a container as ports of the host.
package struct Portmap: Plugin {
  package let name = "portmap"
  /// The one that rules are written by unless the configuration says otherwise.
  private let nftables: any PortForwardingBackend
  /// Makes the one that writes into the tables of iptables.
  private let iptables: (IPTablesSettings) throws(CNIError) -> any PortForwardingBackend
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  package init(
    nftables: any PortForwardingBackend,
    iptables: @escaping (IPTablesSettings) throws(CNIError) -> any PortForwardingBackend,
    note: @escaping (String) -> Void
  ) {
    self.nftables = nftables
    self.iptables = iptables
    self.note = note
  }

  private func backend(_ options: PortmapOptions) throws(CNIError) -> any PortForwardingBackend {
    guard let settings = options.iptables else { return nftables }
    return try iptables(settings)
  }

  /// Removes forwards by each backend that may have written some, whatever the configuration says now and came of the other.
  private func eachBackend(
    _ remove: (any PortForwardingBackend) throws(CNIError) -> [PortForward]
  ) throws(CNIError) {
    // Whichever variant is named, rules are removed from the tables of both.
    let backends = [nftables, try iptables(IPTablesSettings(variant: .nft))]
    var failures = Failures()
    for backend in backends {
      failures.collect { () throws(CNIError) in
        try Flows(backend, note: note).forget(following: try remove(backend))
      }
    }
    try failures.report()
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (wanted, options, result) = try wanted(request) { note("\(name): \($0)") }
    let backend = try backend(options)
    if wanted.rules.isEmpty {
      removeFormer(request.owner, backend)
      return result
    }
    let localhost = try Localhost(for: wanted.rules)
    let hairpin = try Hairpin(for: wanted.rules, result)
    let takeovers = try backend.apply(wanted, onConflict: options.onConflict) { () throws(CNIError) in
      try localhost.enable()
      try hairpin.enable()
      try Flows(backend, note: note).forget(strayingFrom: wanted.forwards)
    }
    for takeover in takeovers { note("\(name): \(takeover.subject) taken over from \(takeover.previous)") }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Whatever is wrong with the configuration now, the owner is known, and what it has can be found by it.
    let hint = (try? wanted(request))?.wanted
    let ports = PortmapOptions.readableHostPorts(request.config)
    try eachBackend { (backend) throws(CNIError) in
      try backend.remove(request.owner, hint: hint?.rules ?? [], ports: ports)
    }
  }

  /// What the container had before it was added with nothing to publish. A host that cannot tell has nothing of it, and such
  /// a container must not fail for that.
  private func removeFormer(_ owner: Owner, _ backend: any PortForwardingBackend) {
    do {
      try Flows(backend, note: note).forget(following: try backend.remove(owner, hint: [], ports: []))
    } catch {
      note("\(name): \(error.message)")
    }
  }

  package func check(_ request: Request) throws(CNIError) {
    let (wanted, options, result) = try wanted(request)
    if wanted.rules.isEmpty { return }
    var problems = try backend(options).verify(wanted)
    problems += try Localhost(for: wanted.rules).problems() + Hairpin(for: wanted.rules, result).problems()
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(wanted.owner): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<Attachment>) throws(CNIError) {
    try eachBackend { (backend) throws(CNIError) in
      try backend.removeAll(ofNetwork: request.config.name, sparing: valid)
    }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    try backend(PortmapOptions(request.config)).probe()
  }

  /// The rules that a configuration asks for; none without port mappings. `note` is told of each mapping that is left out.
  private func wanted(
    _ request: Request, note: (String) -> Void = { _ in }
  ) throws(CNIError) -> (wanted: OwnedRules, options: PortmapOptions, result: NetworkResult) {
    let options = try PortmapOptions(request.config)
    let result = try request.config.previousResult(requiredBy: name)
    let rules = try configuration { () throws(FieldError) in try options.rules(for: request.owner, result, note: note)
    }
    return (OwnedRules(owner: request.owner, rules: rules), options, result)
  }
}

extension OwnedRules {
  var forwards: [PortForward] {
    rules.compactMap { rule in
      guard case .forwardPort(let forward) = rule else { return nil }
      return forward
    }
  }
}
