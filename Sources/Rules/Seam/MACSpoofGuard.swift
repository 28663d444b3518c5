// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// A container sends frames from one MAC address only.
package struct MACSpoofCheck: Equatable, Sendable {
  /// Whose the rules are; their names do not have the network.
  package let owner: AttachmentID
  /// The bridge port by which the container's frames come in: the host's end of its veth.
  package let port: String
  /// The address of the container's interface.
  package let address: MACAddress

  package init(_ owner: AttachmentID, port: String, address: MACAddress) {
    self.owner = owner
    self.port = port
    self.address = address
  }
}

/// A way to drop frames from any other MAC address. Every operation is atomic and may be repeated.
package protocol MACSpoofGuard {
  /// Throws code 7 if an owner's ID leaves no room in the names of its rules.
  func requireRoom(for owner: AttachmentID) throws(CNIError)
  /// Makes exactly this hold for the owner.
  func apply(_ check: MACSpoofCheck) throws(CNIError) -> AppliedChange
  /// What of the check does not hold, in words; nothing is changed.
  func verify(_ check: MACSpoofCheck) throws(CNIError) -> [String]
  /// Removes all that the owner has, unless `isAnothers` returns true for a port of it: in another network a container's interface may have
  /// the same name. Where the kernel has no nf_tables that is nothing.
  func remove(_ owner: AttachmentID, unless isAnothers: (_ port: String) -> Bool) throws(CNIError)
  /// Removes all checks for which `isStale` returns true; it is called with the owner and the name of the port. Where rules can be read as
  /// several owners', it is called with each.
  func removeAll(where isStale: (_ owner: AttachmentID, _ port: String) -> Bool) throws(CNIError)
  /// Throws the reason why this kernel could not check addresses now.
  func probe() throws(CNIError)
}

extension MACSpoofGuard {
  /// Removes all that the owner has, whatever its ports.
  package func remove(_ owner: AttachmentID) throws(CNIError) { try remove(owner) { _ in false } }
}
