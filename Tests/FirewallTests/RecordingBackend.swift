// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

@testable import Firewall

/// What backends were told, in order.
final class Events {
  var all: [String] = []
}

/// A filter that writes down what it is told, and changes nothing.
final class RecordingBackend: AttachmentRecorder, ZoneFilter {
  private let name: String
  private let events: Events
  private(set) var applied: [ForwardFilterRequest] = []
  private(set) var verified: [ForwardFilterRequest] = []
  private(set) var removed: [ForwardFilterRequest] = []
  private(set) var collected: [(network: String, valid: Set<AttachmentID>)] = []

  /// What every operation throws; nil if it succeeds.
  var failure: CNIError?
  var takeovers: [Takeover] = []
  var problems: [String] = []
  /// What every attachment is recorded with, or why that cannot be told; nil on a kernel without nf_tables.
  var recorded: Result<AttachmentRecord?, CNIError> = .success(AttachmentRecord())
  /// The addresses that were to leave their zones, those that a record told and others.
  private(set) var left: [(accepts: [ForwardAccept], unrecorded: [IPAddress])] = []
  /// What a GC finds to be removed.
  var stale: [ForwardAccept] = []
  /// The hints that the record was asked with.
  private(set) var hints: [ForwardFilterRequest] = []

  init(_ name: String, _ events: Events) {
    self.name = name
    self.events = events
  }

  private func note(_ operation: String) throws(CNIError) {
    events.all.append("\(name) \(operation)")
    if let failure { throw failure }
  }

  func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange {
    applied.append(request)
    try note("apply")
    return AppliedChange(takeovers: takeovers) {
      self.events.all.append("\(self.name) undo")
    } completion: {
      self.events.all.append("\(self.name) applied")
    }
  }

  func verify(_ request: ForwardFilterRequest) throws(CNIError) -> [String] {
    verified.append(request)
    try note("verify")
    return problems
  }

  func remove(_ hint: ForwardFilterRequest) throws(CNIError) {
    removed.append(hint)
    try note("remove")
  }

  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    collected.append((network, valid))
    try body(stale)
    try note("removeAll")
  }

  func record(
    _ hint: ForwardFilterRequest, orBy better: () -> ForwardFilterRequest?
  ) throws(CNIError) -> AttachmentRecord? {
    hints.append(hint)
    return try recorded.get()
  }

  func hasAccepts() throws(CNIError) -> Bool { try !(recorded.get()?.accepts.isEmpty ?? true) }
  func hasRules(of attachment: CNI.Attachment) throws(CNIError) -> Bool { try hasAccepts() }

  func leaveZones(_ accepts: [ForwardAccept], unrecorded: [IPAddress]) throws(CNIError) {
    left.append((accepts, unrecorded))
    try note("leave")
  }

  func probe() throws(CNIError) { try note("probe") }
}

/// What lets packets pass FORWARD, and only writes down what it is told.
final class RecordingGate: ForwardGate {
  private let events: Events
  private(set) var opened: [[AddressFamily]] = []
  private(set) var checked: [[AddressFamily]] = []
  private(set) var asked: [[AddressFamily]] = []

  /// What every operation throws; nil if it succeeds.
  var failure: CNIError?
  var problems: [String] = []
  var closed: [String] = []

  init(_ events: Events) { self.events = events }

  private func note(_ operation: String) throws(CNIError) {
    events.all.append("gate \(operation)")
    if let failure { throw failure }
  }

  func open(for families: [AddressFamily]) throws(CNIError) {
    opened.append(families)
    try note("open")
  }

  func problems(for families: [AddressFamily]) throws(CNIError) -> [String] {
    checked.append(families)
    try note("problems")
    return problems
  }

  func closedTables(for families: [AddressFamily]) throws(CNIError) -> [String] {
    asked.append(families)
    try note("closed")
    return closed
  }
}

/// A host with recording backends.
final class RecordingHost {
  let events = Events()
  let nftables: RecordingBackend
  let iptables: RecordingBackend
  let firewalld: RecordingBackend
  let gate: RecordingGate
  /// What the backends were made with.
  private(set) var settings: [IPTablesSettings] = []
  private(set) var zones: [String] = []
  /// What the gate was made with.
  private(set) var gates: [(settings: IPTablesSettings, bit: Int)] = []

  var isFirewalldRunning = false
  /// Why that cannot be told; nil if it can.
  var busFailure: CNIError?
  var hasIPTables = false
  var droppingChains: [String] = []
  /// Why no backend for the tables of iptables can be made; nil if one can.
  var iptablesFailure: CNIError?

  init() {
    nftables = RecordingBackend("nftables", events)
    iptables = RecordingBackend("iptables", events)
    firewalld = RecordingBackend("firewalld", events)
    gate = RecordingGate(events)
  }

  var backends: [RecordingBackend] { [nftables, iptables, firewalld] }

  subscript(backend: FirewallOptions.Backend) -> RecordingBackend {
    switch backend {
    case .nftables: nftables
    case .iptables: iptables
    case .firewalld: firewalld
    }
  }

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
      forwardGate: { settings, bit in
        self.gates.append((settings, bit))
        return self.hasIPTables ? self.gate : nil
      },
      isFirewalldRunning: { () throws(CNIError) in
        if let failure = self.busFailure { throw failure }
        return self.isFirewalldRunning
      },
      droppingChains: { self.droppingChains })
  }
}
