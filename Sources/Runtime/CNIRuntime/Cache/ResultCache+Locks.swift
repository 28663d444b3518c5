// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// The locks of a network, which the specification wants because of GC: it runs alone, and ADD and DEL at once with each other. ADD and DEL share
/// `calls` as long as they run; GC takes it when the last one has ended, and has `entry` from the beginning, so that no more of them come.
enum NetworkLock: String {
  case entry, calls

  /// The name of the file.
  func file(_ network: String) -> String { ".\(rawValue)-\(shortened(network, to: 200)).lock" }
}

extension ResultCache {
  /// Takes the lock of an attachment without waiting, and makes the folders for it; nil if another has it.
  func tryLock(_ network: String, _ id: AttachmentID) throws(SystemError) -> FileLock? {
    _ = try Folder.make(path)
    return try Folder.make(ownPath).tryLock(Self.name(network, id))
  }

  /// Takes a lock of a network alone and without waiting; nil if others have it.
  func tryNetworkLock(_ lock: NetworkLock, _ network: String) throws(SystemError) -> FileLock? {
    _ = try Folder.make(path)
    return try Folder.make(ownPath).tryLock(lock.file(network))
  }

  /// Takes the lock of a network's calls with others and without waiting; nil if GC runs or waits.
  func trySharedNetworkLock(_ network: String) throws(SystemError) -> FileLock? {
    _ = try Folder.make(path)
    let own = try Folder.make(ownPath)
    if own.isLocked(NetworkLock.entry.file(network)) { return nil }
    return try own.tryLock(NetworkLock.calls.file(network), isShared: true)
  }

  /// Gives up a lock of a network, and removes its file if nobody else has it; who waits for the lock makes a new one.
  func release(_ lock: FileLock, of kind: NetworkLock, _ network: String) {
    if lock.becomesExclusive(), let own = (try? Folder.open(ownPath)) ?? nil { try? own.unlink(kind.file(network)) }
    // Whoever keeps a call does not keep the lock.
    lock.unlock()
  }

  /// Removes the file of an attachment's lock, which the caller has, if neither the attachment's file is there nor a note; who waits for the
  /// lock makes a new one.
  func removeUnusedLock(_ network: String, _ id: AttachmentID) {
    removeUnusedLock(named: Self.name(network, id))
  }

  func removeUnusedLock(named name: String) {
    guard let own = (try? Folder.open(ownPath)) ?? nil else { return }
    let results = (try? Folder.open(path)) ?? nil
    if results?.modificationTime(of: name) == nil, isEmpty(name, own) { try? own.unlink(name) }
  }

  private func isEmpty(_ name: String, _ own: borrowing Folder) -> Bool {
    (contents(name, own) ?? []).isEmpty
  }
}
