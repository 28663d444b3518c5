// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Skel

/// The folder with the backups of attachments, each in a file of its own.
struct BackupFiles: ~Copyable {
  private let folder: Folder

  private init(_ folder: consuming Folder) { self.folder = folder }

  /// Opens the folder; nil if there is none.
  static func open(_ path: String) throws(SystemError) -> BackupFiles? {
    guard let folder = try Folder.open(path) else { return nil }
    return BackupFiles(folder)
  }

  static func make(_ path: String) throws(SystemError) -> BackupFiles { BackupFiles(try .make(path)) }

  /// The name of an attachment's file. It is upstream's, so that either plugin finds what the other has left, unless that could be
  /// another attachment's: `a_b_eth0.json` is `eth0` of the container `a_b`, so `b_eth0` of `a` has a colon, which neither part has.
  static func name(_ attachment: AttachmentID) -> String {
    let upstream = upstreamName(attachment)
    guard attachment.interface.contains("_") else { return upstream }
    return "\(shortened(attachment.containerID, to: 200)):\(attachment.interface).json"
  }

  private static func upstreamName(_ attachment: AttachmentID) -> String {
    "\(shortened(attachment.containerID, to: 200))_\(attachment.interface).json"
  }

  /// The files of an attachment, its own first, and what they say, which is nil for one that is broken: then nothing can be put back.
  func find(_ attachment: AttachmentID) throws(SystemError) -> [(name: String, backup: Backup?)] {
    var found: [(String, Backup?)] = []
    let own = Self.name(attachment)
    for name in Self.upstreamName(attachment) == own ? [own] : [own, Self.upstreamName(attachment)] {
      guard let text = try folder.read(name) else { continue }
      let backup = Backup(parsing: text)
      if backup?.attachment.map({ $0 == attachment }) ?? true { found.append((name, backup)) }
    }
    return found
  }

  /// Adds what is new to what is kept, and returns whether nothing was.
  func keep(_ new: Backup, of attachment: AttachmentID) throws(SystemError) -> Bool {
    let older = try find(attachment).first { $0.backup != nil }?.backup
    var backup = new
    backup.attachment = attachment
    if let older { backup.keep(first: older) }
    if backup != older { try folder.write(backup.json.text, to: Self.name(attachment)) }
    return older == nil
  }

  /// Forgets what is kept of an attachment.
  func remove(_ attachment: AttachmentID) throws(SystemError) {
    let own = Self.name(attachment)
    try folder.remove(own)
    if Self.upstreamName(attachment) == own { return }
    for file in try find(attachment) { try folder.remove(file.name) }
  }

  /// Removes what a network has kept, but for these attachments; what cannot be read is told, and the others go.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let kept = Set(valid.map { Self.name($0) } + valid.map { Self.upstreamName($0) })
    var failures = Failures()
    // What is no file, or not one of ours, is not ours to remove.
    let names = try accessFiles { () throws(SystemError) in try folder.names() }
    for name in names where !name.hasPrefix(".") {
      failures.collect { () throws(CNIError) in
        try accessFiles { () throws(SystemError) in
          guard
            let backup = try readIfFile(name), backup.network == network,
            !(backup.attachment.map { valid.contains($0) } ?? kept.contains(name))
          else { return }
          try folder.remove(name)
        }
      }
    }
    try failures.report()
  }

  private func readIfFile(_ name: String) throws(SystemError) -> Backup? {
    do {
      return try folder.read(name).flatMap { Backup(parsing: $0) }
    } catch {
      if error.isOfAnotherKind { return nil }
      throw error
    }
  }
}
