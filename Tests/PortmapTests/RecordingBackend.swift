// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// A backend that writes down what it is told, and changes nothing.
final class RecordingBackend: PortForwarder {
  private(set) var applied: [PortForwardingRequest] = []
  private(set) var policies: [ConflictPolicy] = []
  private(set) var verified: [PortForwardingRequest] = []
  private(set) var removed: [(hint: PortForwardingRequest, ports: [HostPort])] = []
  private(set) var collected: [(network: String, valid: Set<AttachmentID>)] = []
  private(set) var probes = 0
  private(set) var guarded: [String] = []

  /// What every operation throws; nil if it succeeds.
  var failure: CNIError?
  var takeovers: [Takeover] = []
  var problems: [String] = []
  /// The forwards that a removal says hold no more.
  var freed: [PortForward] = []
  /// Whether a change can be completed, which touches this machine if the forwards are about localhost or not only TCP.
  var completes = false

  /// How often the backend was called, whatever for.
  var calls: Int { applied.count + verified.count + removed.count + collected.count + probes }

  /// The port forwards of the last `apply`.
  var forwards: [PortForward] { applied.last?.forwards ?? [] }

  /// What was undone.
  private(set) var undone = 0

  func apply(_ request: PortForwardingRequest, onConflict: ConflictPolicy) throws(CNIError) -> AppliedChange {
    applied.append(request)
    policies.append(onConflict)
    if let failure { throw failure }
    return completes ? AppliedChange(takeovers: takeovers) { self.undone += 1 } : .rehearsed(takeovers: takeovers)
  }

  func verify(_ wanted: PortForwardingRequest) throws(CNIError) -> [String] {
    verified.append(wanted)
    if let failure { throw failure }
    return problems
  }

  func remove(_ hint: PortForwardingRequest, ports: [HostPort]) throws(CNIError) -> [PortForward] {
    removed.append((hint, ports))
    if let failure { throw failure }
    return freed
  }

  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) -> [PortForward] {
    collected.append((network, valid))
    if let failure { throw failure }
    return freed
  }

  func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?] { ports.map { _ in nil } }

  func guardLocalhost(on interface: String) { guarded.append(interface) }
  func guardedInterfaces() -> [String] { guarded }

  func endGuard(of interface: String, unlessReached isBehind: (IPAddress) -> Bool) -> Bool {
    guarded.removeAll { $0 == interface }
    return true
  }

  func isGuardNeeded(on interface: String, where isBehind: (IPAddress) -> Bool) -> Bool? {
    guarded.contains(interface) ? false : nil
  }

  func replaceFormerGuard(by open: () throws(CNIError) -> [String]) -> Bool { false }
  func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) -> Bool { false }
  func spare(_ addresses: [IPAddress]) {}

  func probe() throws(CNIError) {
    probes += 1
    if let failure { throw failure }
  }
}
