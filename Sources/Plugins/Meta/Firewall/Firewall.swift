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
    var (wanted, link) = try wanted(request, options, result)
    let former = try record(of: wanted, request, options, result)
    let backend = try host.backend(options, hasNFTables: former != nil)
    if backend != .firewalld, let zoned = former?.accepts.filter({ $0.zone != nil }), !zoned.isEmpty {
      // To another backend they would belong to nobody.
      try host.firewalld(FirewallOptions.standardZone).leaveZones(zoned, unrecorded: [])
    }
    let change: AppliedChange
    switch backend {
    case .nftables:
      if let gate = try host.forwardGate(options.iptables, options.acceptMarkBit) {
        try gate.open(for: wanted.families)
        wanted.acceptMarkBit = options.acceptMarkBit
      }
      change = try host.nftables.apply(wanted)
    case .firewalld:
      if options.namesAdminChain {
        note("\(name): iptablesAdminChainName: not asked by the backend \(backend.rawValue)")
      }
      change = try host.firewalld(options.zone).apply(wanted)
    case .iptables:
      wanted.recordedPorts = recordedPorts(request, link)
      change = try host.iptables(options.iptables).apply(wanted)
    }
    try change.complete { () throws(CNIError) in try setPortIsolation(options, link, former?.ports ?? []) }
    for takeover in change.takeovers { note("\(name): \(takeover.subject) taken over from \(takeover.previous)") }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    // Whatever is wrong with the configuration now, the attachment is known, and what it has can be found by it.
    let options = try? FirewallOptions(request.config)
    let result = (try? request.config.previousResult()) ?? nil
    let hint = FirewallHint(request.attachment, options, result)
    var failures = ErrorCollector()
    var record: AttachmentRecord?
    failures.run { () throws(CNIError) in
      record =
        try host.nftables.record(hint.request) ?? AttachmentRecord(unrecorded: hint.request.accepts.map(\.address))
    }
    // Where it cannot be told whose an address and a port are by now, they stay as they are for the next DEL.
    if let record {
      failures.run { () throws(CNIError) in try resetPortIsolation(request, options, hint, record) }
      failures.run { () throws(CNIError) in
        try host.firewalld(options?.zone ?? FirewallOptions.standardZone)
          .leaveZones(record.accepts, unrecorded: record.unrecorded)
      }
    }
    failures.run { () throws(CNIError) in
      try host.iptables(IPTablesSettings(variant: .nft)).remove(hint.request)
    }
    try failures.throwIfAny()
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, result) = try options(request)
    var (wanted, link) = try wanted(request, options, result)
    let former = try record(of: wanted, request, options, result)
    var problems: [String]
    switch try host.backend(options, hasNFTables: former != nil) {
    case .nftables:
      problems = []
      if let gate = try host.forwardGate(options.iptables, options.acceptMarkBit) {
        problems += try gate.problems(for: wanted.families)
        wanted.acceptMarkBit = options.acceptMarkBit
      }
      problems += try host.nftables.verify(wanted)
      // No accept of ours can change that, so that it is no finding.
      for chain in host.droppingChains() { note("\(name): \(chain) drops what it does not let through itself") }
    case .firewalld: problems = try host.firewalld(options.zone).verify(wanted)
    case .iptables:
      wanted.recordedPorts = recordedPorts(request, link)
      problems = try host.iptables(options.iptables).verify(wanted)
    }
    problems += link?.problems(options.isolation, former?.ports ?? []) ?? []
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.attachment): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let network = request.config.name
    // The record has not room for every zone's whole name.
    let zone = (try? FirewallOptions(request.config))?.zone ?? FirewallOptions.standardZone
    var zones = ErrorCollector()
    var others = ErrorCollector()
    others.run { () throws(CNIError) in
      let iptables = try host.iptables(IPTablesSettings(variant: .nft))
      try iptables.removeAll(ofNetwork: network, sparing: valid) { accepts in
        // What cannot leave its zone does not keep the rest from being removed.
        zones.run { () throws(CNIError) in try host.firewalld(zone).leaveZones(accepts, unrecorded: []) }
      }
    }
    var all = ErrorCollector()
    all.run { () throws(CNIError) in try zones.throwIfAny() }
    all.run { () throws(CNIError) in try others.throwIfAny() }
    try all.throwIfAny()
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let options = try reporting { () throws(FieldError) in try FirewallOptions(request.config) }
    let nobody = Attachment(network: request.config.name, containerID: "", interface: "")
    do throws(CNIError) {
      let hasNFTables = try host.nftables.record(ForwardFilterRequest(nobody)) != nil
      switch try host.backend(options, hasNFTables: hasNFTables) {
      case .nftables:
        try host.nftables.probe()
        if let gate = try host.forwardGate(options.iptables, options.acceptMarkBit) { try status(gate) }
      case .firewalld: try host.firewalld(options.zone).probe()
      case .iptables:
        try host.iptables(options.iptables).probe()
        if !options.destinations.isEmpty || options.dropsInvalid { try host.nftables.probe() }
      }
    } catch {
      if error.code == .limitedConnectivity { throw error }
      throw CNIError(.notAvailable, error.message, details: error.details)
    }
  }

  /// Containers that were added are cut off where somebody has removed the rule that lets them pass; the next ADD mends it.
  private func status(_ gate: any ForwardGate) throws(CNIError) {
    guard try host.nftables.hasAccepts() else { return }
    let closed = try gate.closedTables(for: AddressFamily.allCases)
    if closed.isEmpty { return }
    throw CNIError(
      .limitedConnectivity,
      "\(closed.joined(separator: ", ")): FORWARD drops packets, and lacks the rule that accepts those of containers; the next ADD writes it"
    )
  }
}

extension Firewall {
  private func options(_ request: Request) throws(CNIError) -> (FirewallOptions, NetworkResult) {
    let options = try reporting { () throws(FieldError) in try FirewallOptions(request.config) }
    let result = try request.config.previousResult(requiredBy: name)
    return (options, result)
  }

  /// What a configuration asks for, and the host's end of the container's veth if it matters.
  private func wanted(
    _ request: Request, _ options: FirewallOptions, _ result: NetworkResult
  ) throws(CNIError) -> (request: ForwardFilterRequest, link: HostLink?) {
    let addresses = result.containerAddresses
    for address in addresses.ofHost {
      note("\(name): \(address) is not accepted: prevResult has it on an interface of the host, one without sandbox")
    }
    let link = try link(request, options)
    return (options.request(of: request.attachment, for: addresses.accepted, at: link), link)
  }

  /// What the attachment is recorded with already; nil where the kernel has nothing to record it in.
  private func record(
    of wanted: ForwardFilterRequest, _ request: Request, _ options: FirewallOptions, _ result: NetworkResult
  ) throws(CNIError) -> AttachmentRecord? {
    var hint = wanted
    hint.add(FirewallHint(request.attachment, options, result).request)
    return try host.nftables.record(hint)
  }

  private func link(_ request: Request, _ options: FirewallOptions) throws(CNIError) -> HostLink? {
    if let isolation = options.isolation {
      return try HostLink.find(request, isolating: isolation == .isolated ? "isolated" : "same-bridge")
    }
    if !options.needsLink { return nil }
    // What comes by no veth is known by its addresses alone.
    guard let link = try? HostLink.find(request), HostLink.isQuotable(link.bridge ?? link.name) else { return nil }
    return link
  }

  /// The host's end of the veth, which tells our containers from upstream's where rules in the tables of iptables serve both.
  private func recordedPorts(_ request: Request, _ link: HostLink?) -> [String] {
    guard let link = link ?? (try? HostLink.find(request)), HostLink.isQuotable(link.name) else { return [] }
    return [link.name]
  }

  // MARK: - The isolation of the bridge port

  private func setPortIsolation(
    _ options: FirewallOptions, _ link: HostLink?, _ former: [RecordedPort]
  ) throws(CNIError) {
    let wanted = options.isolation == .isolated ? link?.name : nil
    if let wanted { try PortIsolation.set(true, ofPort: wanted) }
    for port in former where port.isIsolated && port.name != wanted {
      try PortIsolation.set(false, ofPort: port.name)
    }
  }

  /// It goes with the interface; an interface that stays is to be as it was. The port is the recorded one; if the container was added by
  /// upstream's plugin, the configuration tells, and the kernel or the result the port.
  private func resetPortIsolation(
    _ request: Request, _ options: FirewallOptions?, _ hint: FirewallHint, _ record: AttachmentRecord
  ) throws(CNIError) {
    var ports = record.ports.filter(\.isIsolated).map(\.name)
    if ports.isEmpty, options?.isolation == .isolated {
      ports = (try? HostLink.find(request)).map { [$0.name] } ?? hint.hostInterfaces
    }
    for port in ports { try PortIsolation.set(false, ofPort: port) }
  }
}

extension ForwardFilterRequest {
  /// The families of the addresses that are accepted.
  fileprivate var families: [AddressFamily] { AddressFamily.allCases.filter { !addresses($0).isEmpty } }
}
