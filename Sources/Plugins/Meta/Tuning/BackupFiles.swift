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
    store = AttachmentStore(path, Self.format, for: "keep what the interface was like", note: note)
  }

  private static let format = AttachmentStore.Format(
    ownerMember: "attachment", networkMember: "network", isByNetwork: false
  ) { names($0.id) }

  /// The names of an attachment's file. The first is upstream's, so that either plugin finds what the other has left, unless that could
  /// be another attachment's: `a_b_eth0.json` is `eth0` of the container `a_b`, so `b_eth0` of `a` has a colon, which neither part has.
  static func names(_ attachment: AttachmentID) -> [String] {
    let container = shortened(attachment.containerID, to: 200)
    let upstream = "\(container)_\(attachment.interface).json"
    return attachment.interface.contains("_") ? ["\(container):\(attachment.interface).json", upstream] : [upstream]
  }

  /// What is kept of an attachment; of two files the first is its own.
  func find(_ owner: Attachment) throws(CNIError) -> [Backup] { try store.files(of: owner).map { Backup($0.contents) } }

  /// Adds what is new to what is kept, and returns whether nothing was.
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

  /// Forgets what is kept of an attachment.
  func remove(_ owner: Attachment) throws(CNIError) { try store.remove(owner) }

  /// Removes what a network has kept, but for these attachments; what cannot be removed is reported when the rest is gone.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    var failures = Failures()
    for file in try store.stale(ofNetwork: network, sparing: valid, &failures) {
      failures.collect { () throws(CNIError) in try store.remove(file) }
    }
    try failures.report()
  }
}
