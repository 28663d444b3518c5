// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// A plugin's state of attachments until their DEL: a JSON object per attachment, each in its own file in one folder. A file names its
/// owner, `{"containerID": …, "interface": …}`, for GC.
package struct AttachmentStore {
  /// The names and the layout of a plugin's files.
  package struct Format: Sendable {
    fileprivate let names: @Sendable (Attachment) -> [String]
    fileprivate let ownerMember: String
    fileprivate let networkMember: String
    fileprivate let isByNetwork: Bool

    /// `names` returns an attachment's file names: the first is written, the others are those of upstream or of earlier versions. The
    /// members are those of the owner, which upstream's files lack, and of the network's name. With `isByNetwork` a file belongs to an
    /// attachment only if it names its network.
    package init(
      ownerMember: String, networkMember: String, isByNetwork: Bool, names: @escaping @Sendable (Attachment) -> [String]
    ) {
      self.names = names
      self.ownerMember = ownerMember
      self.networkMember = networkMember
      self.isByNetwork = isByNetwork
    }
  }

  /// A file of the store.
  package struct File {
    package let name: String
    /// The written object, without the owner.
    package let contents: JSONObject
    /// Nil for upstream's files.
    package let owner: AttachmentID?
  }

  private let path: String
  private let format: Format
  private let purpose: String
  private let note: (String) -> Void

  /// `path` is the folder's; `purpose` begins error messages; `note` receives a line about each unusable file.
  package init(_ path: String, _ format: Format, for purpose: String, note: @escaping (String) -> Void) {
    self.path = path
    self.format = format
    self.purpose = purpose
    self.note = note
  }

  /// The files of an attachment, its own first. Broken files are noted and skipped.
  package func files(of owner: Attachment) throws(CNIError) -> [File] {
    try inFolder(note) { (folder) throws(SystemError) in
      var files: [File] = []
      for name in format.names(owner) {
        guard let text = try text(name, folder) else { continue }
        guard let file = parsed(text, name) else {
          note("\(path)/\(name) holds no JSON object: what was kept there is lost")
          continue
        }
        if isOf(owner, file) { files.append(file) }
      }
      return files
    } ?? []
  }

  /// Replaces an attachment's state; throws code 5 if something other than a file has its name.
  package func write(_ contents: JSONObject, of owner: Attachment) throws(CNIError) {
    var marked = contents
    marked[format.ownerMember] = .object(
      JSONObject(["containerID": .string(owner.containerID), "interface": .string(owner.interface)]))
    try reporting(purpose) { () throws(SystemError) in
      let folder = try Folder.make(path)
      let name = format.names(owner)[0]
      _ = try folder.read(name)
      try folder.write(JSON.object(marked).text, to: name)
    }
  }

  /// Adds another name to an attachment's file, if that name is free.
  package func link(_ owner: Attachment, as name: String) throws(CNIError) {
    try reporting(purpose) { () throws(SystemError) in
      try Folder.make(path).link(format.names(owner)[0], as: name)
    }
  }

  /// Removes an attachment's files; those with other names only if they belong to it or are broken.
  package func remove(_ owner: Attachment) throws(CNIError) {
    try inFolder { (folder) throws(SystemError) in
      let names = format.names(owner)
      try folder.remove(names[0])
      for name in names.dropFirst() {
        guard let text = try text(name, folder) else { continue }
        if parsed(text, name).map({ isOf(owner, $0) }) ?? true { try folder.remove(name) }
      }
    }
  }

  /// Removes a file.
  package func remove(_ file: File) throws(CNIError) {
    try inFolder { (folder) throws(SystemError) in try folder.remove(file.name) }
  }

  /// The files of a network's attachments that are not in the list; a file without an owner is identified by its name. Unreadable files
  /// are added to the failures, and the others are returned.
  package func stale(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, _ failures: inout Failures
  ) throws(CNIError) -> [File] {
    let spared = Set(valid.flatMap { format.names($0.attachment(to: network)) })
    var stale: [File] = []
    var unreadable: [SystemError] = []
    try inFolder(note) { (folder) throws(SystemError) in
      for name in try folder.names() where !name.hasPrefix(".") {
        do throws(SystemError) {
          guard let text = try text(name, folder), let file = parsed(text, name), self.network(file) == network else {
            continue
          }
          if !(file.owner.map { valid.contains($0) } ?? spared.contains(name)) { stale.append(file) }
        } catch {
          unreadable.append(error)
        }
      }
    }
    for error in unreadable { failures.collect { () throws(CNIError) in throw CNIError(error, purpose) } }
    return stale
  }
}

// MARK: - Reading

extension AttachmentStore {
  /// Runs `body` with the folder; returns nil if it does not exist, or if something else is in its place, which is noted.
  private func inFolder<T>(
    _ note: (String) -> Void = { _ in }, _ body: (borrowing Folder) throws(SystemError) -> T
  ) throws(CNIError) -> T? {
    try reporting(purpose) { () throws(SystemError) in
      let folder: Folder?
      do throws(SystemError) {
        folder = try Folder.open(path)
      } catch {
        guard error.isOfAnotherKind else { throw error }
        note("\(error)")
        return nil
      }
      guard let folder else { return nil }
      return try body(folder)
    }
  }

  /// Reads a file; nil if it does not exist or is not a regular file, which a plugin never writes.
  private func text(_ name: String, _ folder: borrowing Folder) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      return try folder.read(name)
    } catch {
      if error.isOfAnotherKind { return nil }
      throw error
    }
  }

  /// Decodes a file; nil if it is broken.
  private func parsed(_ text: [UInt8], _ name: String) -> File? {
    guard let json = try? JSON(parsing: text), case .object(var contents) = json else { return nil }
    var owner: AttachmentID?
    if case .object(let object)? = contents[format.ownerMember], case .string(let id)? = object["containerID"],
      case .string(let interface)? = object["interface"]
    {
      owner = AttachmentID(containerID: id, interface: interface)
    }
    contents[format.ownerMember] = nil
    return File(name: name, contents: contents, owner: owner)
  }

  private func network(_ file: File) -> String? {
    guard case .string(let name)? = file.contents.known(format.networkMember)?.value else { return nil }
    return name
  }

  private func isOf(_ owner: Attachment, _ file: File) -> Bool {
    file.owner ?? owner.id == owner.id && (!format.isByNetwork || network(file) == owner.network)
  }
}
