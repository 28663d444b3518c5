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

  /// Names a cache; makes nothing.
  public init(_ folder: String = "/var/lib/cni") { self.folder = folder }

  /// All attachments, in the lexical order of their files' names. Files that cannot be read as such are passed over, as libcni does.
  /// Throws if the folder is there and cannot be listed.
  public func attachments() throws(RuntimeError) -> [CachedAttachment] {
    do {
      guard let results = try Folder.open(path) else { return [] }
      let own = (try? Folder.open(ownPath)) ?? nil
      let names = try results.names().sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var attachments: [CachedAttachment] = []
      for name in names {
        guard let text = (try? results.read(name)) ?? nil, let file = CacheFile(text),
          let time = results.modificationTime(of: name)
        else { continue }
        let record = (try? own?.read(name)) ?? nil
        let isFormer = BootRecord(of: time).isOfFormerBoot(record)
        attachments.append(CachedAttachment(file, name: name, time, isOfFormerBoot: isFormer))
      }
      return attachments
    } catch {
      throw RuntimeError(.cache("\(error)"))
    }
  }

  /// An attachment; nil if there is none, or if its file cannot be read.
  public func attachment(_ id: AttachmentID, network: String) -> CachedAttachment? {
    let name = Self.name(network, id)
    guard let results = try? Folder.open(path), let text = (try? results.read(name)) ?? nil,
      let file = CacheFile(text), let time = results.modificationTime(of: name)
    else { return nil }
    let own = (try? Folder.open(ownPath)) ?? nil
    let record = (try? own?.read(name)) ?? nil
    return CachedAttachment(file, name: name, time, isOfFormerBoot: BootRecord(of: time).isOfFormerBoot(record))
  }

  var path: String { "\(folder)/results" }
  var ownPath: String { "\(path)/.swift-cni" }

  /// The name of an attachment's file.
  static func name(_ network: String, _ id: AttachmentID) -> String {
    "\(network)-\(id.containerID)-\(id.interface)"
  }
}
