// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Lets containers' packets through by putting their addresses into a zone of firewalld, which knows nothing of owners: a
/// record, which is another backend, has those, and all other rules.
package struct FirewalldBackend: ZoneBackend {
  private let record: any AddressOwningBackend
  private let zone: String
  private let bus: String?
  private let note: (String) -> Void

  /// `zone` is the one for new addresses.
  package init(
    _ record: any AddressOwningBackend, zone: String, bus: String? = SystemBus.addressVariable,
    note: @escaping (String) -> Void
  ) {
    self.record = record
    self.zone = zone
    self.bus = bus
    self.note = note
  }

  /// firewalld serves one call after another, and each changes the whole ruleset: milliseconds.
  private static let patience: Int32 = 25_000

  /// Whether firewalld runs. False, with a note, where the bus does not let this process in, which could not use firewalld
  /// then. A bus that does not answer is code 11: to go on without firewalld could leave the container cut off.
  package static func isRunning(
    bus: String? = SystemBus.addressVariable, patience: Int32 = SystemBus.patience, note: (String) -> Void
  ) throws(CNIError) -> Bool {
    do throws(DBusError) {
      return try Firewalld.isRunning(bus: bus, patience: patience)
    } catch {
      let reason = "whether firewalld runs cannot be told: \(error)"
      switch error {
      case .timedOut, .violation: throw CNIError(.tryAgainLater, reason)
      case .noBus, .refused, .remote:
        note(reason)
        return false
      }
    }
  }

  package func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    let wanted = inZone(wanted)
    let addresses = wanted.rules.accepts.map(\.address)
    // What an ADD before has put elsewhere, and addresses that the owner has no more.
    let former = try record.accepts(of: wanted.owner, hint: []).filter {
      $0.zone != nil && !wanted.rules.accepts.contains($0)
    }
    if addresses.isEmpty, former.isEmpty { return try record.apply(wanted, onConflict: onConflict, then: completion) }
    return try record.apply(wanted, onConflict: onConflict) { () throws(CNIError) in
      var added: [IPAddress] = []
      do throws(CNIError) {
        // First, as an address is in one zone at the most.
        try leave(former)
        // Where none are wanted firewalld need not be there.
        if addresses.isEmpty { return try completion() }
        try withFirewalld { (firewalld) throws(FirewalldError) in
          for address in addresses where try firewalld.addSource(zone: zone, address: "\(address)") {
            added.append(address)
          }
        }
        try completion()
      } catch {
        // The first error is the one to tell.
        try? withFirewalld { (firewalld) throws(FirewalldError) in
          for address in added { try firewalld.removeSource(zone: zone, address: "\(address)") }
          for accept in former {
            if let zone = accept.zone { _ = try firewalld.addSource(zone: zone, address: "\(accept.address)") }
          }
        }
        throw error
      }
    }
  }

  package func verify(_ wanted: OwnedRules) throws(CNIError) -> [String] {
    var problems = try record.verify(inZone(wanted))
    let addresses = wanted.rules.accepts.map(\.address)
    if addresses.isEmpty { return problems }
    try withFirewalld { (firewalld) throws(FirewalldError) in
      for address in addresses where try !firewalld.querySource(zone: zone, address: "\(address)") {
        problems.append("\(address) is not in firewalld's zone \(zone)")
      }
    }
    return problems
  }

  package func remove(_ owner: Attachment, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward] {
    // Before the record, so that what firewalld refuses now is found again.
    try leaveZones(of: owner, hint: hint)
    return try unlessThereAreNoTables { () throws(CNIError) in
      try record.remove(owner, hint: hint, ports: ports)
    } ?? []
  }

  package func leaveZones(of owner: Attachment, hint: [Rule]) throws(CNIError) {
    let hint = inZone(OwnedRules(owner: owner, rules: hint)).rules
    let accepts = try unlessThereAreNoTables { () throws(CNIError) in try record.accepts(of: owner, hint: hint) }
    try leave(accepts ?? hint.accepts)
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>
  ) throws(CNIError) -> [PortForward] {
    _ = try unlessThereAreNoTables { () throws(CNIError) in
      try record.removeAll(ofNetwork: network, sparing: valid) { (accepts) throws(CNIError) in try leave(accepts) }
    }
    return []
  }

  package func leaveZones(_ accepts: [ForwardAccept]) throws(CNIError) { try leave(accepts) }

  package func probe() throws(CNIError) {
    try record.probe()
    guard try Self.isRunning(bus: bus, note: note) else { throw CNIError(.notAvailable, "firewalld does not run") }
  }
}

extension FirewalldBackend {
  /// The same rules with the zone in the accepts.
  private func inZone(_ wanted: OwnedRules) -> OwnedRules {
    OwnedRules(
      owner: wanted.owner,
      rules: wanted.rules.map { rule in
        guard case .acceptForwarded(let accept) = rule else { return rule }
        // As the record will know it again.
        return .acceptForwarded(ForwardAccept(accept.address, zone: shortened(zone, to: ForwardAccept.zoneLimit)))
      })
  }

  /// Takes addresses out of the zones that they were put into.
  private func leave(_ accepts: [ForwardAccept]) throws(CNIError) {
    let zoned = accepts.filter { $0.zone != nil }
    if zoned.isEmpty { return }
    guard try Self.isRunning(bus: bus, note: note) else { return }
    try withFirewalld { (firewalld) throws(FirewalldError) in
      for accept in zoned {
        do throws(FirewalldError) {
          // The record has room for a beginning only.
          let isOurs = accept.zone == shortened(zone, to: ForwardAccept.zoneLimit)
          try firewalld.removeSource(zone: isOurs ? zone : accept.zone ?? zone, address: "\(accept.address)")
        } catch {
          // What somebody has put into another zone, or a zone that is gone, is no reason not to go on.
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

  /// Nil where the kernel has no nf_tables, and so nothing in them.
  private func unlessThereAreNoTables<T>(_ body: () throws(CNIError) -> T) throws(CNIError) -> T? {
    do {
      return try body()
    } catch {
      if error.code == .notAvailable { return nil }
      throw error
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
