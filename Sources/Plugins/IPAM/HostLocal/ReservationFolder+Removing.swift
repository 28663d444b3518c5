// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS

extension ReservationFolder {
  /// Removes what an attachment has, as upstream does: the files that name it, or if there are none those that name its container alone.
  func release(_ owner: Owner) throws(CNIError) {
    try locked { () throws(CNIError) in
      let listing = try listing()
      var failures = ErrorCollector()
      for (address, stamp) in try reservations(of: owner, listing, &failures) {
        failures.run { () throws(CNIError) in try remove(address, stamp) }
      }
      // What is left of an ADD that was killed.
      for stamp in listing.leftovers where stamp.isOf(owner: owner.key) {
        failures.run { () throws(CNIError) in
          try reporting(Self.purpose) { () throws(SystemError) in try folder.unlink(stamp.text) }
        }
      }
      try failures.throwIfAny()
    }
  }

  /// Whether an attachment has an address; changes nothing.
  func hasReservation(_ owner: Owner) throws(CNIError) -> Bool {
    var failures = ErrorCollector()
    let found = try !reservations(of: owner, listing(), &failures).isEmpty
    if !found { try failures.throwIfAny() }
    return found
  }

  /// Removes the reservations of attachments that are not in a list, but not those that were made since a time.
  func removeAll(sparing valid: Set<AttachmentID>, since start: FileTime) throws(CNIError) {
    try locked { () throws(CNIError) in
      let now = FileTime.now()
      let listing = try listing()
      var failures = ErrorCollector()
      for reservation in listing.reservations {
        let name = reservation.text
        if IPAddress(name) == nil { continue }
        failures.run { () throws(CNIError) in
          switch try holder(of: name) {
          case .foreign: return
          case .nobody: break
          case .owner(let owner):
            if owner.isIn(valid) { return }
            // The list was made before an ADD that this call has waited for.
            if let time = folder.modificationTime(of: name), start < time, time <= now { return }
          }
          try remove(name, reservation.stamp.map { listing.stamps[$0].text })
        }
      }
      failures.run { () throws(CNIError) in
        try reporting(Self.purpose) { () throws(SystemError) in
          for stamp in listing.leftovers { try folder.unlink(stamp.text) }
        }
      }
      try failures.throwIfAny()
    }
  }

  /// The files of an attachment, with their stamps. Reads those with its stamp and those without any; what cannot be read is a failure.
  private func reservations(
    of owner: Owner, _ listing: Listing, _ failures: inout ErrorCollector
  ) throws(CNIError) -> [(address: String, stamp: String?)] {
    let keys = [owner.key, owner.withoutInterface.key]
    var (own, old): ([(String, String?)], [(String, String?)]) = ([], [])
    for reservation in listing.reservations {
      let stamp = reservation.stamp.map { listing.stamps[$0] }
      if let stamp, !keys.contains(where: { stamp.isOf(owner: $0) }) { continue }
      let name = reservation.text
      if IPAddress(name) == nil { continue }
      failures.run { () throws(CNIError) in
        guard case .owner(let found) = try holder(of: name) else { return }
        if found == owner { own.append((name, stamp?.text)) }
        if found == owner.withoutInterface { old.append((name, stamp?.text)) }
      }
    }
    return own.isEmpty ? old : own
  }
}
