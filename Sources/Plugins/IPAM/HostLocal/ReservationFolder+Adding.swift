// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPAM
import OS

extension ReservationFolder {
  /// Reserves one address of each set for an attachment, the one that is asked for or else the next free one. All or none.
  func reserve(
    _ sets: [RangeSet], _ requested: [RequestedAddress?], for owner: Owner
  ) throws(CNIError) -> [NetworkResult.IPConfig] {
    try locked { () throws(CNIError) in
      let boot = host.boot()
      let survey = try survey(for: owner, boot)
      try tidy(survey)
      let claims = Claims(owner: owner, boot: boot ?? Self.unknownBoot, survey: survey)
      var given: [NetworkResult.IPConfig] = []
      var claimed: [IPAddress] = []
      var cursors: [(file: String, address: IPAddress)] = []
      try allOrNothing(undo: { () throws(CNIError) in
        for address in claimed { try remove("\(address)", claims.stamp(address)) }
      }) { () throws(CNIError) in
        for (number, set) in sets.enumerated() {
          let cursor = "last_reserved_ip.\(number)"
          let request = number < requested.count ? requested[number] : nil
          let found: RangeSet.Candidate
          if let request {
            found = try claim(request, set, number, claims)
          } else {
            found = try claimNext(set, number, after: cursor, claims)
            cursors.append((cursor, found.address))
          }
          claimed.append(found.address)
          if let config = found.config { given.append(config) }
        }
      }
      for (file, address) in cursors {
        // A hint: without it the next search begins elsewhere.
        try? folder.overwrite(file, with: Array("\(address)".utf8))
      }
      return given
    }
  }

  /// What all claims of a call have in common.
  private struct Claims {
    let owner: Owner
    let boot: String
    let survey: Survey

    func stamp(_ address: IPAddress) -> String { Stamp.name(boot, owner, "\(address)") }
  }

  private func claim(
    _ request: RequestedAddress, _ set: RangeSet, _ number: Int, _ claims: Claims
  ) throws(CNIError) -> RangeSet.Candidate {
    guard let range = set.range(of: request.address), try claim(request.address, claims) else {
      let reason = "requested IP address \(request.address) is not available in range set \(set)"
      throw request.error("failed to allocate for range \(number): \(reason)", as: .tryAgainLater)
    }
    return RangeSet.Candidate(address: request.address, range: range)
  }

  private func claimNext(
    _ set: RangeSet, _ number: Int, after cursor: String, _ claims: Claims
  ) throws(CNIError) -> RangeSet.Candidate {
    if let address = claims.survey.own.first(where: { set.range(of: $0) != nil }) {
      let reason = "\(address) has been allocated to \(claims.owner.containerID), duplicate allocation is not allowed"
      throw CNIError(.resourceConflict, "failed to allocate for range \(number): \(reason)")
    }
    // Junk, or something that is no file, is no cursor.
    let text = (try? folder.read(cursor)) ?? nil
    let last = text.flatMap { IPAddress(String(decoding: $0, as: UTF8.self)) }
    let found = try set.first(after: last) { (address) throws(CNIError) in try claim(address, claims) }
    guard let found else {
      let reason = "no IP addresses available in range set: \(set)"
      throw CNIError(.tryAgainLater, "failed to allocate for range \(number): \(reason)")
    }
    return found
  }

  private func claim(_ address: IPAddress, _ claims: Claims) throws(CNIError) -> Bool {
    if claims.survey.taken.contains(address) { return false }
    return try reporting(Self.purpose) { () throws(SystemError) in
      try folder.claim("\(address)", for: claims.owner.contents, by: claims.stamp(address))
    }
  }
}
