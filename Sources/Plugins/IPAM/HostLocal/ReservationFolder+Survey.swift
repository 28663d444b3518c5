// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS

extension ReservationFolder {
  /// What is in the folder, as ADD and STATUS see it.
  struct Survey {
    /// The addresses that the attachment has.
    fileprivate(set) var own: [IPAddress] = []
    fileprivate(set) var taken: TakenAddresses
    /// Reservations that count as free, with their stamps.
    fileprivate(set) var dead: [(address: String, stamp: String?)] = []
    /// Stamps whose name is to change, with the new one.
    fileprivate(set) var renamed: [(old: String, new: String)] = []
    /// Reservations without a stamp, with the one that they should have.
    fileprivate(set) var unstamped: [(address: String, stamp: String)] = []
    fileprivate(set) var leftovers: [Stamp] = []
  }

  /// Looks through the folder for an attachment. Reads the files that have no stamp, that have the owner's, or that have one of a former
  /// boot, and no others. Changes nothing.
  func survey(for owner: Owner?, _ boot: String?) throws(CNIError) -> Survey {
    let listing = try listing()
    let (ownBoot, noBoot) = (Array((boot ?? Self.unknownBoot).utf8), Array(Self.unknownBoot.utf8))
    let keys = owner.map { [$0.key, $0.withoutInterface.key] } ?? []
    // Several machines may share a folder, and have other boots: only one's own are swept.
    lazy var sweeps = boot != nil && folder.isLocal
    var survey = Survey(taken: TakenAddresses([]))
    var taken: [ArraySlice<UInt8>] = []
    taken.reserveCapacity(listing.reservations.count)
    for reservation in listing.reservations {
      let stamp = reservation.stamp.map { listing.stamps[$0] }
      let isFormer = stamp.map { !$0.isOf(boot: ownBoot) } ?? false
      if let stamp, !keys.contains(where: { stamp.isOf(owner: $0) }), !(isFormer && sweeps) {
        taken.append(reservation.name)
        continue
      }
      let name = reservation.text
      guard let address = IPAddress(name) else { continue }
      let found: Owner
      switch try? holder(of: name) {
      case .owner(let owner)?: found = owner
      case .nobody?:
        survey.dead.append((name, stamp?.text))
        continue
      case .foreign?, nil:
        taken.append(reservation.name)
        continue
      }
      let isOwn = found == owner || found == owner?.withoutInterface
      if let stamp, isFormer, sweeps, let boot {
        // The attachment that is being added cannot be one of a former boot.
        let mayBeOfThisBoot = stamp.isOf(boot: noBoot)
        if !mayBeOfThisBoot, isOwn || !host.hasNamespace(of: found, in: network) {
          survey.dead.append((name, stamp.text))
          continue
        }
        survey.renamed.append((stamp.text, stamp.name(in: boot)))
      } else if stamp == nil {
        survey.unstamped.append((name, Stamp.name(boot ?? Self.unknownBoot, found, name)))
      }
      taken.append(reservation.name)
      if isOwn { survey.own.append(address) }
    }
    survey.taken = TakenAddresses(taken)
    survey.leftovers = listing.leftovers
    return survey
  }

  /// Removes what counts as free, and stamps what has no stamp of this boot.
  ///
  /// No namespace outlives its boot, so a reservation of a former boot is nobody's, unless libcni's cache names a namespace that is there.
  /// One without a stamp may be upstream's of this boot, and is only stamped.
  func tidy(_ survey: Survey) throws(CNIError) {
    for (address, stamp) in survey.dead { try remove(address, stamp) }
    try reporting(Self.purpose) { () throws(SystemError) in
      for stamp in survey.leftovers { try folder.unlink(stamp.text) }
      for (old, new) in survey.renamed { try folder.rename(old, to: new) }
    }
    for (address, stamp) in survey.unstamped {
      // Without hard links there are no stamps: then every call reads every file, as upstream's does.
      if !folder.addName(stamp, to: address) { return }
    }
  }

  /// Throws code 50 for the first set of which every address is taken.
  func requireFreeAddress(_ sets: [RangeSet]) throws(CNIError) {
    let taken = try survey(for: nil, host.boot()).taken
    for (number, set) in sets.enumerated() {
      // What the next ADD clears away is free, or a node whose runtime waits for STATUS would never be ready again.
      if try set.first(after: nil, { (address) throws(CNIError) in !taken.contains(address) }) == nil {
        let reason = "no IP addresses available in range set: \(set)"
        throw CNIError(.notAvailable, "\(set.path): range set \(number): \(reason)")
      }
    }
  }

  /// The boot in the stamps if the host tells none; its reservations are of no former boot.
  static var unknownBoot: String { "000000000000" }
}
