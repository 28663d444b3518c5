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
  private let backend: any RulesBackend
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  package init(backend: any RulesBackend, note: @escaping (String) -> Void) {
    self.backend = backend
    self.note = note
  }

  private var flows: Flows { Flows(backend, note: note) }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (wanted, options, result) = try wanted(request)
    if options.mappings.isEmpty {
      removeFormer(request.owner)
      return result
    }
    let localhost = try Localhost(for: wanted.rules)
    let hairpin = try Hairpin(for: wanted.rules, result)
    let takeovers = try backend.apply(wanted, onConflict: options.onConflict) { () throws(CNIError) in
      try localhost.enable()
      try hairpin.enable()
      try flows.forget(strayingFrom: wanted.forwards)
    }
    for takeover in takeovers { note("\(name): \(takeover.port) taken over from \(takeover.previous)") }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Whatever is wrong with the configuration now, the owner is known, and what it has can be found by it.
    let hint = (try? wanted(request))?.wanted
    let ports = PortmapOptions.readableHostPorts(request.config)
    try flows.forget(following: try backend.remove(request.owner, hint: hint?.rules ?? [], ports: ports))
  }

  /// What the container had before it was added without ports. A host that cannot tell has nothing of it, and a
  /// container without ports must not fail for that.
  private func removeFormer(_ owner: Owner) {
    do {
      try flows.forget(following: try backend.remove(owner, hint: [], ports: []))
    } catch {
      note("\(name): \(error.message)")
    }
  }

  package func check(_ request: Request) throws(CNIError) {
    let (wanted, options, result) = try wanted(request)
    if options.mappings.isEmpty { return }
    var problems = try backend.verify(wanted)
    problems += try Localhost(for: wanted.rules).problems() + Hairpin(for: wanted.rules, result).problems()
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(wanted.owner): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<Attachment>) throws(CNIError) {
    try flows.forget(following: try backend.removeAll(ofNetwork: request.config.name, sparing: valid))
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    _ = try PortmapOptions(request.config)
    try backend.probe()
  }

  /// The rules that a configuration asks for; none without port mappings.
  private func wanted(
    _ request: Request
  ) throws(CNIError) -> (wanted: OwnedRules, options: PortmapOptions, result: NetworkResult) {
    let options = try PortmapOptions(request.config)
    guard let result = try request.config.previousResult() else {
      let field = request.config.document["prevResult"]
      throw CNIError.invalid(field.expected("the result of the plugins before (portmap is a chained plugin)"))
    }
    let rules = try configuration { () throws(FieldError) in try options.rules(for: request.owner, result) }
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
