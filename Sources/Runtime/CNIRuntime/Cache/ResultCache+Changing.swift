// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
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
  /// The result of an attachment, converted to the version of the configuration. Files of older versions of libcni are bare results.
  func result(_ network: NetworkList, _ id: AttachmentID) -> CachedResult {
    let name = Self.name(network.name, id)
    guard let results = (try? Folder.open(path)) ?? nil, let text = contents(name, results) else { return .none }
    // The names of others can make the same name of a file.
    if let file = CacheFile(text), file.network != network.name || file.attachment.id != id { return .none }
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

  /// Whether an ADD makes an attachment: there is none that can be read, or only that of a former boot.
  package func isNew(_ network: NetworkList, _ id: AttachmentID) -> Bool {
    if let found = attachment(id, network: network.name) { return found.isOfFormerBoot }
    if case .found = result(network, id) { return false }
    return true
  }

  /// Writes an attachment's file; the caller has its lock.
  func write(_ network: NetworkList, _ attachment: Attachment, _ result: AttachmentResult) throws(SystemError) {
    let name = Self.name(network.name, attachment.id)
    let results = try Folder.make(path)
    let own = try Folder.make(ownPath)
    let temporary = ".\(shortened(name, to: Self.longestTemporaryName))\(Self.temporaryEnding)"
    try results.write(CacheFile(network, attachment, result).text, to: name, by: temporary, in: own)
    // The file serves without the record too.
    if let time = results.modificationTime(of: name) {
      try? own.overwrite(name, with: OwnRecord(BootRecord(of: time).text, network).text)
    }
  }

  /// Notes that an attachment is being made, in the file of its lock, which the caller has: whoever is killed meanwhile leaves it there.
  func begin(_ network: NetworkList, _ attachment: Attachment) throws(SystemError) {
    let record = OwnRecord(CacheFile(network, attachment).text, network)
    try Folder.make(ownPath).overwrite(Self.name(network.name, attachment.id), with: record.text)
  }

  /// Removes an attachment's file and what is noted of it; the caller has its lock.
  func remove(_ network: String, _ id: AttachmentID) throws(SystemError) {
    let name = Self.name(network, id)
    do throws(SystemError) {
      guard let results = try Folder.open(path) else { return }
      // The names of others can make the same name of a file.
      if let file = contents(name, results).flatMap({ CacheFile($0) }),
        file.network != network || file.attachment.id != id
      {
        return
      }
      try results.unlink(name)
    } catch {
      // What is no folder has no files.
      if error.number != ENOTDIR { throw error }
    }
    if let own = (try? Folder.open(ownPath)) ?? nil { try? own.overwrite(name, with: []) }
  }
}
