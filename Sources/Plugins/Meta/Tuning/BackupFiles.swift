// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Skel
import Store

/// The backups of attachments, each in a file of its own.
struct BackupFiles {
  private let store: AttachmentStore

  /// Takes the folder's path.
  init(_ path: String, note: @escaping (String) -> Void) {
    store = AttachmentStore(
      path, for: "keep what the interface was like", ownerMember: "attachment", networkMember: "network",
      isByNetwork: false, note: note
    ) { Self.names($0.id) }
  }

  /// The names of an attachment's file. The first is upstream's, so that either plugin finds the other's files. It is not where
  /// upstream's could be that of another attachment: `a_b_eth0.json` is `eth0` of the container `a_b`. `b_eth0` of `a` has a colon
  /// instead, which no ID and no interface has.
  static func names(_ attachment: AttachmentID) -> [String] {
    let container = shortened(attachment.containerID, to: 200)
    let upstream = "\(container)_\(attachment.interface).json"
    return attachment.interface.contains("_") ? ["\(container):\(attachment.interface).json", upstream] : [upstream]
  }

  /// The backups of an attachment, that of its own file first.
  func find(_ owner: Attachment) throws(CNIError) -> [Backup] { try store.files(of: owner).map { Backup($0.contents) } }

  /// Adds to the backup of an attachment what is not in it. Returns whether there was none.
  func keep(_ new: Backup, of owner: Attachment) throws(CNIError) -> Bool {
    guard let file = try store.files(of: owner).first else {
      try store.write(new.contents, of: owner)
      return true
    }
    let older = Backup(file.contents)
    var backup = new
    backup.keep(first: older)
    if backup != older || file.owner == nil { try store.write(backup.contents, of: owner) }
    return false
  }

  /// Removes the backups of an attachment.
  func remove(_ owner: Attachment) throws(CNIError) { try store.remove(owner) }

  /// Removes the backups of a network but those of valid attachments, and then throws what could not be removed.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    var failures = ErrorCollector()
    for file in store.stale(ofNetwork: network, sparing: valid, &failures) {
      failures.run { () throws(CNIError) in try store.remove(file) }
    }
    try failures.throwIfAny()
  }
}
