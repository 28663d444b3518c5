// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Accepts containers' packets by adding their addresses to a zone of firewalld. firewalld records no owners: another backend
/// does, as `record`, and has all other rules.
package struct FirewalldBackend: ZoneFilter {
  private let record: any AttachmentRecorder
  private let zone: String
  private let bus: String?
  private let note: (String) -> Void

  /// `zone` is the zone that addresses are added to.
  package init(
    _ record: any AttachmentRecorder, zone: String, bus: String? = SystemBus.addressVariable,
    note: @escaping (String) -> Void
  ) {
    self.record = record
    self.zone = zone
    self.bus = bus
    self.note = note
  }

  /// The limit for a call, in milliseconds: firewalld serves calls one after another, and each changes its whole ruleset.
  private static let patience: Int32 = 25_000

  /// Whether firewalld runs. False, with a note, if the bus denies access, because this process could not use firewalld then. A
  /// bus that does not reply is code 11: without firewalld's zone the container could be cut off.
  package static func isRunning(
    bus: String? = SystemBus.addressVariable, patience: Int32 = SystemBus.patience, note: (String) -> Void
  ) throws(CNIError) -> Bool {
    do throws(DBusError) {
      return try Firewalld.isRunning(bus: bus, patience: patience)
    } catch {
      let reason = "cannot find out whether firewalld runs: \(error)"
      switch error {
      case .timedOut, .violation: throw CNIError(.tryAgainLater, reason)
      case .noBus, .refused, .remote:
        note(reason)
        return false
      }
    }
  }

  package func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange {
    let wanted = inZone(request)
    let addresses = wanted.accepts.map(\.address)
    // Recorded accepts in another zone, or of addresses that the attachment no longer has.
    let accepts = try record.record(ForwardFilterRequest(wanted.attachment))?.accepts ?? []
    let former = accepts.filter { $0.zone != nil && !wanted.accepts.contains($0) }
    let recorded = try record.apply(wanted)
    if addresses.isEmpty, former.isEmpty { return recorded }
    let added = try recorded.including { () throws(CNIError) in try move(addresses, leaving: former) }
    return AppliedChange(takeovers: recorded.takeovers) { () throws(CNIError) in
      var failures = ErrorCollector()
      failures.run { () throws(CNIError) in try putBack(former, removing: added) }
      failures.run { () throws(CNIError) in try recorded.undo() }
      try failures.throwIfAny()
    }
  }

  /// Moves addresses: removes the former accepts from their zones, and adds the addresses to the backend's zone. Returns the
  /// addresses that were not there before. All or nothing.
  private func move(_ addresses: [IPAddress], leaving former: [ForwardAccept]) throws(CNIError) -> [IPAddress] {
    var added: [IPAddress] = []
    return try allOrNothing { (rollback) throws(CNIError) in
      // Removal comes first, because an address can be in one zone only.
      rollback.add { () throws(CNIError) in try putBack(former, removing: []) }
      try removeFromZones(former)
      // Without addresses firewalld need not run.
      if addresses.isEmpty { return [] }
      try withFirewalld { (firewalld) throws(FirewalldError) in
        for address in addresses where try firewalld.addSource(zone: zone, address: "\(address)") {
          added.append(address)
          rollback.add { () throws(CNIError) in try putBack([], removing: [address]) }
        }
      }
      return added
    }
  }

  private func putBack(_ former: [ForwardAccept], removing added: [IPAddress]) throws(CNIError) {
    if former.isEmpty && added.isEmpty { return }
    try withFirewalld { (firewalld) throws(FirewalldError) in
      for address in added { try firewalld.removeSource(zone: zone, address: "\(address)") }
      for accept in former {
        if let zone = accept.zone { _ = try firewalld.addSource(zone: zone, address: "\(accept.address)") }
      }
    }
  }

  package func verify(_ wanted: ForwardFilterRequest) throws(CNIError) -> [String] {
    var problems = try record.verify(inZone(wanted))
    let addresses = wanted.accepts.map(\.address)
    if addresses.isEmpty { return problems }
    try withFirewalld { (firewalld) throws(FirewalldError) in
      for address in addresses where try !firewalld.querySource(zone: zone, address: "\(address)") {
        problems.append("\(address) is not in firewalld's zone \(zone)")
      }
    }
    return problems
  }

  package func leaveZones(_ accepts: [ForwardAccept], unrecorded: [IPAddress]) throws(CNIError) {
    try removeFromZones(accepts + unrecorded.map { ForwardAccept($0, zone: recordedZone) })
  }

  package func probe() throws(CNIError) {
    try record.probe()
    guard try Self.isRunning(bus: bus, note: note) else { throw CNIError(.notAvailable, "firewalld does not run") }
  }
}

extension FirewalldBackend {
  /// The request with the zone in its accepts, as the record will return them.
  private func inZone(_ request: ForwardFilterRequest) -> ForwardFilterRequest {
    var request = request
    request.accepts = request.accepts.map { ForwardAccept($0.address, zone: recordedZone) }
    return request
  }

  /// The zone's name, shortened as in the record.
  private var recordedZone: String { shortened(zone, to: ForwardAccept.zoneLimit) }

  /// Removes addresses from the zones in their accepts; does nothing if firewalld does not run.
  private func removeFromZones(_ accepts: [ForwardAccept]) throws(CNIError) {
    let zoned = accepts.filter { $0.zone != nil }
    if zoned.isEmpty { return }
    guard try Self.isRunning(bus: bus, note: note) else { return }
    try withFirewalld { (firewalld) throws(FirewalldError) in
      for accept in zoned {
        do throws(FirewalldError) {
          let isOurs = accept.zone == recordedZone
          try firewalld.removeSource(zone: isOurs ? zone : accept.zone ?? zone, address: "\(accept.address)")
        } catch {
          // An address that was moved to another zone, or a zone that is gone, must not stop the removal of the rest.
          guard error.isAboutTheZone else { throw error }
          note("\(error)")
        }
      }
    }
  }

  private func withFirewalld(_ body: (inout Firewalld) throws(FirewalldError) -> Void) throws(CNIError) {
    do throws(FirewalldError) {
      var firewalld = try Firewalld.connect(bus: bus, patience: Self.patience)
      try body(&firewalld)
    } catch {
      throw Self.failure(error)
    }
  }

  private static func failure(_ error: FirewalldError) -> CNIError {
    switch error {
    case .invalidZone: CNIError(.invalidConfiguration, "firewalldZone: \(error)")
    case .otherZone: CNIError(.resourceConflict, "\(error)")
    case .notRunning: CNIError(.tryAgainLater, "firewalld does not run: \(error)")
    case .failed(.timedOut): CNIError(.tryAgainLater, "\(error)")
    case .failed: CNIError(.firewalldRefused, "\(error)")
    }
  }
}

extension FirewalldError {
  /// Whether the address is in another zone, or there is no such zone.
  fileprivate var isAboutTheZone: Bool {
    switch self {
    case .invalidZone, .otherZone: true
    case .notRunning, .failed: false
    }
  }
}
