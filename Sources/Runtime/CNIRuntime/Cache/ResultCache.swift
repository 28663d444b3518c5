// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// The attachments that were made and not deleted, each in a file of libcni's layout: `results/NETWORK-CONTAINER-INTERFACE`.
///
/// Other runtimes on libcni use the same folder: either side lists, checks and deletes what the other has added. Files appear whole or not at
/// all, also across a power failure. What else this library keeps is in a folder of its own, `results/.swift-cni`, that libcni passes over: for
/// each attachment a file that is its lock, and that tells in which boot it was made.
public struct ResultCache: Sendable {
  /// The folder in which `results` is.
  public let folder: String

  /// Names a cache; makes nothing. A relative path is one of the current folder.
  public init(_ folder: String = "/var/lib/cni") {
    self.folder = folder.hasPrefix("/") ? folder : "\(resolvedPath(".") ?? "")/\(folder)"
  }

  /// All attachments, in the lexical order of their files' names. Files that cannot be read as such are passed over, as libcni does.
  /// Throws if the folder is there and cannot be listed.
  public func attachments() throws(RuntimeError) -> [CachedAttachment] {
    do {
      guard let results = try Folder.open(path) else { return [] }
      let names = try results.names().sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var attachments: [CachedAttachment] = []
      for name in names {
        if let found = read(name, in: results) { attachments.append(found) }
      }
      return attachments
    } catch {
      throw RuntimeError(.cache("\(error)"))
    }
  }

  /// The attachments of a container, in whichever networks.
  public func attachments(ofContainer id: String) throws(RuntimeError) -> [CachedAttachment] {
    try attachments().filter { $0.attachment.containerID == id }
  }

  /// An attachment; nil if there is none, or if its file cannot be read.
  public func attachment(_ id: AttachmentID, network: String) -> CachedAttachment? {
    guard let results = try? Folder.open(path), let found = read(Self.name(network, id), in: results) else {
      return nil
    }
    // The names of others can make the same name of a file.
    return found.attachment.id == id && found.network == network ? found : nil
  }

  private func read(_ name: String, in results: borrowing Folder) -> CachedAttachment? {
    guard let text = contents(name, results), let file = CacheFile(text),
      let time = results.modificationTime(of: name)
    else { return nil }
    var record: OwnRecord?
    if let own = (try? Folder.open(ownPath)) ?? nil {
      record = contents(name, own).map { OwnRecord(parsing: $0) }
    }
    return CachedAttachment(file, name: name, time, record)
  }

  /// The contents of a file; nil if there is none that can be read.
  func contents(_ name: String, _ folder: borrowing Folder) -> [UInt8]? {
    (try? folder.read(name, limit: Self.largestFile)) ?? nil
  }

  /// A configuration of 1 MiB in Base64, and the largest result of a plugin, in bytes.
  static let largestFile = 16 << 20

  /// The name of the temporary file of an attachment's is `.NAME.new`; longer names are shortened to this many bytes.
  static let temporaryEnding = ".new"
  static let longestTemporaryName = 200

  /// Links are followed, as libcni follows them.
  var path: String { resolvedPath("\(folder)/results") ?? "\(folder)/results" }
  var ownPath: String { "\(path)/.swift-cni" }

  /// The name of an attachment's file.
  static func name(_ network: String, _ id: AttachmentID) -> String {
    "\(network)-\(id.containerID)-\(id.interface)"
  }
}
