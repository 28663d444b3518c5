// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Firewall
import Rules

/// What backends were told, in order.
final class Events {
  var all: [String] = []
}

/// A backend that writes down what it is told, and changes nothing.
final class RecordingBackend: AddressOwningBackend {
  private let name: String
  private let events: Events
  private(set) var applied: [OwnedRules] = []
  private(set) var policies: [ConflictPolicy] = []
  private(set) var verified: [OwnedRules] = []
  private(set) var removed: [(owner: Owner, hint: [Rule])] = []
  private(set) var collected: [(network: String, valid: Set<Attachment>)] = []

  /// What every operation throws; nil if it succeeds.
  var failure: CNIError?
  var takeovers: [Takeover] = []
  var problems: [String] = []
  /// What every owner has, or why that cannot be told.
  var owned: Result<[ForwardAccept], CNIError> = .success([])

  init(_ name: String, _ events: Events) {
    self.name = name
    self.events = events
  }

  private func note(_ operation: String) throws(CNIError) {
    events.all.append("\(name) \(operation)")
    if let failure { throw failure }
  }

  func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    applied.append(wanted)
    policies.append(onConflict)
    try note("apply")
    do {
      try completion()
    } catch {
      events.all.append("\(name) undo")
      throw error
    }
    events.all.append("\(name) applied")
    return takeovers
  }

  func verify(_ wanted: OwnedRules) throws(CNIError) -> [String] {
    verified.append(wanted)
    try note("verify")
    return problems
  }

  func remove(_ owner: Owner, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward] {
    removed.append((owner, hint))
    try note("remove")
    return []
  }

  func removeAll(ofNetwork network: String, sparing valid: Set<Attachment>) throws(CNIError) -> [PortForward] {
    collected.append((network, valid))
    try note("removeAll")
    return []
  }

  func hasRules(of owner: Owner) throws(CNIError) -> Bool { try !owned.get().isEmpty }
  func accepts(of owner: Owner, hint: [Rule]) throws(CNIError) -> [ForwardAccept] { try owned.get() }
  func accepts(ofNetwork network: String, sparing valid: Set<Attachment>) throws(CNIError) -> [ForwardAccept] { [] }
  func probe() throws(CNIError) { try note("probe") }
}

/// A host with recording backends.
final class RecordingHost {
  let events = Events()
  let nftables: RecordingBackend
  let iptables: RecordingBackend
  let firewalld: RecordingBackend
  /// What the backends were made with.
  private(set) var settings: [IPTablesSettings] = []
  private(set) var zones: [String] = []

  var isFirewalldRunning = false
  /// Why that cannot be told; nil if it can.
  var busFailure: CNIError?
  var canIPTablesDrop = false
  var droppingChains: [String] = []
  /// Why no backend for the tables of iptables can be made; nil if one can.
  var iptablesFailure: CNIError?

  init() {
    nftables = RecordingBackend("nftables", events)
    iptables = RecordingBackend("iptables", events)
    firewalld = RecordingBackend("firewalld", events)
  }

  var backends: [RecordingBackend] { [nftables, iptables, firewalld] }

  var host: FirewallHost {
    FirewallHost(
      nftables: nftables,
      iptables: { (settings) throws(CNIError) in
        self.settings.append(settings)
        if let failure = self.iptablesFailure { throw failure }
        return self.iptables
      },
      firewalld: {
        self.zones.append($0)
        return self.firewalld
      },
      isFirewalldRunning: { () throws(CNIError) in
        if let failure = self.busFailure { throw failure }
        return self.isFirewalldRunning
      },
      canIPTablesDrop: { () throws(CNIError) in
        if let failure = self.iptablesFailure { throw failure }
        return self.canIPTablesDrop
      },
      droppingChains: { self.droppingChains })
  }
}
