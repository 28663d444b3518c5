// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

extension ResultCache {
  /// Attachments of this library whose ADD was interrupted by the end of its process, or could not be undone: they may exist in part, and
  /// libcni's files do not know them. Those that are being made now are not among them.
  ///
  /// ``NetworkRuntime/collectGarbage(_:valid:)`` deletes them.
  public func interrupted() throws(RuntimeError) -> [CachedAttachment] {
    var found: [CachedAttachment] = []
    try unheld { name, text, own in
      let record = OwnRecord(parsing: text)
      if let file = CacheFile(record.line), let time = own.modificationTime(of: name) {
        found.append(CachedAttachment(file, name: name, time, record, isInterrupted: true))
      }
    }
    return found
  }

  /// The attachments of a network that a call is making now, by this library in any process, or a plugin whose caller was killed.
  func beingMade(in network: String) -> [AttachmentID] {
    guard let own = (try? Folder.open(ownPath)) ?? nil, let names = try? own.names() else { return [] }
    return names.compactMap { name in
      guard !name.hasPrefix("."), let text = contents(name, own), let file = CacheFile(OwnRecord(parsing: text).line),
        file.network == network, own.isLocked(name)
      else { return nil }
      return file.attachment.id
    }
  }

  /// Removes what is kept here of attachments that libcni has deleted, and what killed processes have left: temporary files, and networks' locks.
  func removeOrphans() {
    removeHidden()
    try? unheld { name, text, own in
      if CacheFile(OwnRecord(parsing: text).line) == nil { try? own.unlink(name) }
    }
  }

  private func removeHidden() {
    guard let own = (try? Folder.open(ownPath)) ?? nil, let names = try? own.names() else { return }
    for name in names where name.hasPrefix(".") {
      // Whoever writes by a temporary file has the attachment's lock.
      let isTemporary = name.hasSuffix(Self.temporaryEnding)
      let owner = isTemporary ? String(name.dropFirst().dropLast(Self.temporaryEnding.utf8.count)) : name
      // The lock of a longer name does not follow from that of the temporary file.
      if isTemporary, owner.utf8.count >= Self.longestTemporaryName { continue }
      guard let lock = (try? own.tryLock(owner)) ?? nil else { continue }
      try? own.unlink(name)
      if isTemporary { removeUnusedLock(named: owner) }
      lock.unlock()
    }
  }

  /// Calls `body` for each file of ours that belongs to no file of libcni's, sorted, with its lock held.
  private func unheld(
    _ body: (_ name: String, _ text: [UInt8], _ own: borrowing Folder) -> Void
  ) throws(RuntimeError) {
    do {
      guard let results = try Folder.open(path), let own = try Folder.open(ownPath) else { return }
      for name in try own.names().sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".")
      {
        if results.modificationTime(of: name) != nil { continue }
        guard let lock = (try? own.tryLock(name)) ?? nil else { continue }
        // It may have been made until the lock was free.
        if results.modificationTime(of: name) == nil { body(name, contents(name, own) ?? [], own) }
        withExtendedLifetime(lock) {}
      }
    } catch {
      throw RuntimeError(.cache("\(error)"))
    }
  }
}
