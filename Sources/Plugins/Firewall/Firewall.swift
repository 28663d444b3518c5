// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Skel

/// Lets a container's packets through where the host drops what it forwards, and says who reaches the container and what the
/// container reaches.
package struct Firewall: Plugin {
  package let name = "firewall"
  private let host: FirewallHost
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  package init(_ host: FirewallHost, note: @escaping (String) -> Void) {
    self.host = host
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (options, result) = try options(request)
    let wanted = try wanted(request, options, result)
    let isolatePort = { () throws(CNIError) in
      if options.isolation == .isolated { try wanted.bridge?.isolatePort() }
    }
    let backend = try host.backend(options)
    let isRecorded = backend == .firewalld ? false : try host.isRecorded(request.owner)
    if isRecorded { try host.leaveZones(request.owner) }
    if backend != .iptables, options.namesAdminChain {
      note("\(name): iptablesAdminChainName: not asked by the backend \(backend.rawValue)")
    }
    let takeovers: [Takeover]
    switch backend {
    case .nftables: takeovers = try host.nftables.apply(wanted.rules, onConflict: .replace, then: isolatePort)
    case .firewalld:
      takeovers = try host.firewalld(options.zone).apply(wanted.rules, onConflict: .replace, then: isolatePort)
    case .iptables:
      let (own, others) = wanted.rules.splitForIPTables()
      takeovers = try host.iptables(options.iptables).apply(own, onConflict: .replace) { () throws(CNIError) in
        // What our own table has besides; where nothing is wanted there, and nothing was, it needs no look.
        if others.rules.isEmpty, !isRecorded { return try isolatePort() }
        _ = try host.nftables.apply(others, onConflict: .replace, then: isolatePort)
      }
    }
    for takeover in takeovers { note("\(name): \(takeover.subject) taken over from \(takeover.previous)") }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Whatever is wrong with the configuration now, the owner is known, and what it has can be found by it.
    let options = try? FirewallOptions(request.config)
    let result = (try? request.config.previousResult()) ?? nil
    var failures = Failures()
    if options?.isolation == .isolated {
      // It goes with the interface; an interface that stays is to be as it was.
      try? ContainerBridge.find(request).isolatePort(false)
    }
    let hint = FirewallHint(options, result)
    failures.collect { () throws(CNIError) in
      let zone = options?.zone ?? FirewallOptions.standardZone
      _ = try host.firewalld(zone).remove(request.owner, hint: hint.rules, ports: [])
    }
    failures.collect { () throws(CNIError) in
      _ = try host.iptables(IPTablesSettings(variant: .nft)).remove(request.owner, hint: hint.rules, ports: [])
    }
    try failures.report()
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, result) = try options(request)
    let wanted = try wanted(request, options, result)
    var problems: [String]
    switch try host.backend(options) {
    case .nftables:
      problems = try host.nftables.verify(wanted.rules)
      // No accept of ours can change that, so that it is no finding.
      for chain in host.droppingChains() { note("\(name): \(chain) drops what it does not let through itself") }
    case .firewalld: problems = try host.firewalld(options.zone).verify(wanted.rules)
    case .iptables:
      let (own, others) = wanted.rules.splitForIPTables()
      problems = try host.iptables(options.iptables).verify(own)
      if !others.rules.isEmpty { problems += try host.nftables.verify(others) }
    }
    if let isolation = options.isolation { problems += wanted.bridge?.problems(isolation) ?? [] }
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.owner): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<Attachment>) throws(CNIError) {
    let network = request.config.name
    // The record has not room for every zone's whole name.
    let zone = (try? FirewallOptions(request.config))?.zone ?? FirewallOptions.standardZone
    var failures = Failures()
    failures.collect { () throws(CNIError) in
      _ = try host.firewalld(zone).removeAll(ofNetwork: network, sparing: valid)
    }
    failures.collect { () throws(CNIError) in
      _ = try host.iptables(IPTablesSettings(variant: .nft)).removeAll(ofNetwork: network, sparing: valid)
    }
    try failures.report()
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let options = try configuration { () throws(FieldError) in try FirewallOptions(request.config) }
    do throws(CNIError) {
      switch try host.backend(options) {
      case .nftables: try host.nftables.probe()
      case .firewalld: try host.firewalld(options.zone).probe()
      case .iptables: try host.iptables(options.iptables).probe()
      }
    } catch {
      throw CNIError(.notAvailable, error.message, details: error.details)
    }
  }
}

extension Firewall {
  private func options(_ request: Request) throws(CNIError) -> (FirewallOptions, NetworkResult) {
    let options = try configuration { () throws(FieldError) in try FirewallOptions(request.config) }
    let result = try request.config.previousResult(requiredBy: name)
    return (options, result)
  }

  /// What a configuration asks for, and the bridge if it matters.
  private func wanted(
    _ request: Request, _ options: FirewallOptions, _ result: NetworkResult
  ) throws(CNIError) -> (rules: OwnedRules, bridge: ContainerBridge?) {
    let addresses = try configuration { () throws(FieldError) in try result.containerAddresses() }
    let bridge = options.isolation == nil ? nil : try ContainerBridge.find(request)
    let rules = options.rules(for: addresses, on: bridge?.name)
    return (OwnedRules(owner: request.owner, rules: rules), bridge)
  }
}
