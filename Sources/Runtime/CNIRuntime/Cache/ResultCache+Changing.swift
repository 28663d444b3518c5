// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// What a DEL or CHECK finds in the cache.
enum CachedResult: Sendable {
  case none
  /// In the version of the configuration.
  case found(JSON)
  /// The file cannot be used; the text says why.
  case unreadable(String)
}

extension ResultCache {
  /// Takes the lock of an attachment without waiting, and makes the folders for it; nil if another has it.
  func tryLock(_ network: String, _ id: AttachmentID) throws(SystemError) -> FileLock? {
    _ = try Folder.make(path)
    return try Folder.make(ownPath).tryLock(Self.name(network, id))
  }

  /// The result of an attachment, converted to the version of the configuration. Files of older versions of libcni are bare results.
  func result(_ network: NetworkList, _ id: AttachmentID) -> CachedResult {
    let name = Self.name(network.name, id)
    let text: [UInt8]
    do {
      guard let found = try Folder.open(path)?.read(name) else { return .none }
      text = found
    } catch {
      return .none
    }
    do {
      let json = try JSON(parsing: text)
      let isOfThisKind = Field(json)["kind"].value == .string(CacheFile.kind)
      let result = try AttachmentResult(isOfThisKind ? Field(json)["result"].value ?? .null : json, implied: "")
      if let converted = result.json(in: network.cniVersion) { return .found(converted) }
      let version = network.cniVersion.inGoQuotes
      return .unreadable("failed to convert cached result to config version \(version)")
    } catch {
      return .unreadable("\(error)")
    }
  }

  /// Writes an attachment's file; the caller has its lock.
  func write(_ network: NetworkList, _ attachment: Attachment, _ result: AttachmentResult) throws(SystemError) {
    let name = Self.name(network.name, attachment.id)
    let results = try Folder.make(path)
    let own = try Folder.make(ownPath)
    let temporary = ".\(shortened(name, to: 200)).new"
    try results.write(CacheFile(network, attachment, result).text, to: name, by: temporary, in: own)
    // The file serves without the record too.
    if let time = results.modificationTime(of: name) { try? own.overwrite(name, with: BootRecord(of: time).text) }
  }

  /// Notes that an attachment is being made, in the file of its lock, which the caller has: whoever is killed meanwhile leaves it there.
  func begin(_ network: NetworkList, _ attachment: Attachment) throws(SystemError) {
    let text = CacheFile(network, attachment).text
    try Folder.make(ownPath).overwrite(Self.name(network.name, attachment.id), with: text)
  }

  /// Removes an attachment's file and what is noted of it; the caller has its lock.
  func remove(_ network: String, _ id: AttachmentID) throws(SystemError) {
    let name = Self.name(network, id)
    try Folder.open(path)?.unlink(name)
    if let own = (try? Folder.open(ownPath)) ?? nil { try? own.overwrite(name, with: []) }
  }

  /// Removes the file of an attachment's lock, which the caller has, if neither the attachment's file is there nor a note; who waits for the
  /// lock makes a new one.
  func removeUnusedLock(_ network: String, _ id: AttachmentID) {
    let name = Self.name(network, id)
    guard let own = (try? Folder.open(ownPath)) ?? nil else { return }
    let results = (try? Folder.open(path)) ?? nil
    if results?.modificationTime(of: name) == nil, isEmpty(name, own) { try? own.unlink(name) }
  }

  private func isEmpty(_ name: String, _ own: borrowing Folder) -> Bool {
    guard let text = (try? own.read(name)) ?? nil else { return true }
    return text.isEmpty
  }
}
