// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Skel

/// Accepts a container's packets where the host drops forwarded packets, isolates the container from others, and restricts the
/// destinations that it reaches.
package struct Firewall: Plugin {
  package let name = "firewall"
  private let host: FirewallHost
  /// Writes a note for the operator to stderr.
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
      // Other backends do not remove addresses from zones.
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
        note("\(name): iptablesAdminChainName: the backend \(backend.rawValue) ignores it")
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
    // Even if the configuration is broken now, the attachment is known, and its rules are found by it.
    let options = try? FirewallOptions(request.config)
    let result = (try? request.config.previousResult()) ?? nil
    var hint = FirewallHint(request.attachment, options, result)
    var failures = ErrorCollector()
    var record: AttachmentRecord?
    failures.run { () throws(CNIError) in
      let found = try host.nftables.record(hint.request) {
        // The result need not name the host's end of the veth.
        guard let link = try? HostLink.find(request) else { return nil }
        hint = FirewallHint(request.attachment, options, result, at: link)
        return hint.request
      }
      record = found ?? AttachmentRecord(unrecorded: hint.request.accepts.map(\.address))
    }
    // Where the owners of the addresses and of the port cannot be read, both stay as they are for the next DEL.
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
      // Only a note, because no accept of ours can change that.
      for chain in host.droppingChains() {
        note("\(name): \(chain) drops forwarded packets that none of its own rules accepts")
      }
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
    // The record holds only the beginning of a long zone name, so the configured name is used.
    let zone = (try? FirewallOptions(request.config))?.zone ?? FirewallOptions.standardZone
    var zones = ErrorCollector()
    var others = ErrorCollector()
    others.run { () throws(CNIError) in
      let iptables = try host.iptables(IPTablesSettings(variant: .nft))
      try iptables.removeAll(ofNetwork: network, sparing: valid) { accepts in
        // An address that cannot be removed from its zone must not stop the removal of the rest.
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

  /// Throws code 51 if FORWARD drops packets and lacks the gate: running containers are cut off until the next ADD writes it
  /// again.
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

  /// The request of the configuration, and the host end of the container's veth if it matters.
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

  /// The attachment's record from before this call; nil where the kernel has no table for records.
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
    // Packets of a container without a veth are recognized by their addresses alone.
    guard let link = try? HostLink.find(request), HostLink.isQuotable(link.bridge ?? link.name) else { return nil }
    return link
  }

  /// The host end of the veth; recorded, it tells our containers from upstream's, whose rules are in the same tables of iptables.
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

  /// Switches off the isolation of a port that outlives DEL. The port is the recorded one; if upstream's plugin has added the
  /// container, and the configuration says `isolated`, it is the one that the kernel or else the result tells.
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
  /// The families of the accepted addresses.
  fileprivate var families: [AddressFamily] { AddressFamily.allCases.filter { !addresses($0).isEmpty } }
}
