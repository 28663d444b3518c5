// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// What a plugin keeps of attachments until their DEL: for each a JSON object in a file of its own, in one folder. Each file names
/// its owner, `{"containerID": …, "interface": …}`, for GC.
package struct AttachmentStore {
  /// A file that holds what its plugin keeps.
  package struct File {
    package let name: String
    /// What was written, without the owner.
    package let contents: JSONObject
    /// Nil for upstream's files.
    package let owner: AttachmentID?
  }

  private let path: String
  private let purpose: String
  private let ownerMember: String
  private let networkMember: String
  private let isByNetwork: Bool
  private let note: (String) -> Void
  private let names: (Attachment) -> [String]

  /// `path` is the folder's; `purpose` begins the messages of errors, and `note` is told what cannot be used. The members hold the
  /// owner, which upstream's files lack, and the network's name; `isByNetwork` says whether only a file that names the network is
  /// the attachment's. `names` are those that an attachment's file may have: the first is written, by the others upstream or
  /// earlier versions had it.
  package init(
    _ path: String, for purpose: String, ownerMember: String, networkMember: String, isByNetwork: Bool,
    note: @escaping (String) -> Void, names: @escaping (Attachment) -> [String]
  ) {
    self.path = path
    self.purpose = purpose
    self.ownerMember = ownerMember
    self.networkMember = networkMember
    self.isByNetwork = isByNetwork
    self.note = note
    self.names = names
  }

  /// The files of an attachment, its own first. A broken file is noted and passed over.
  package func files(of owner: Attachment) throws(CNIError) -> [File] {
    try inFolder(note) { (folder) throws(SystemError) in
      var files: [File] = []
      for name in names(owner) {
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

  /// Writes the file of an attachment. Throws code 5 if something that is no file has its name.
  package func write(_ contents: JSONObject, of owner: Attachment) throws(CNIError) {
    var marked = contents
    marked[ownerMember] = .object(
      JSONObject(["containerID": .string(owner.containerID), "interface": .string(owner.interface)]))
    try reporting(purpose) { () throws(SystemError) in
      let folder = try Folder.make(path)
      let name = names(owner)[0]
      _ = try folder.read(name)
      try folder.write(JSON.object(marked).text, to: name)
    }
  }

  /// Gives an attachment's file one more of its names, if that is free.
  package func link(_ owner: Attachment, as name: String) throws(CNIError) {
    try reporting(purpose) { () throws(SystemError) in
      try Folder.make(path).link(names(owner)[0], as: name)
    }
  }

  /// Removes the files of an attachment; a file with one of the other names only if it is the attachment's or broken.
  package func remove(_ owner: Attachment) throws(CNIError) {
    try inFolder { (folder) throws(SystemError) in
      try folder.remove(names(owner)[0])
      for name in names(owner).dropFirst() {
        guard let text = try text(name, folder) else { continue }
        if parsed(text, name).map({ isOf(owner, $0) }) ?? true { try folder.remove(name) }
      }
    }
  }

  /// Removes a file.
  package func remove(_ file: File) throws(CNIError) {
    try inFolder { (folder) throws(SystemError) in try folder.remove(file.name) }
  }

  /// The files of a network whose attachments are not in the list; a file that names no owner goes by its name. What cannot be read is
  /// a failure, and the rest is listed.
  package func stale(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, _ failures: inout ErrorCollector
  ) -> [File] {
    let spared = Set(valid.flatMap { names($0.attachment(to: network)) })
    var stale: [File] = []
    var unreadable = ErrorCollector()
    failures.run { () throws(CNIError) in
      _ = try inFolder(note) { (folder) throws(SystemError) -> Void in
        for name in try folder.names() where !name.hasPrefix(".") {
          unreadable.run { () throws(CNIError) in
            let bytes = try reporting(purpose) { () throws(SystemError) in try text(name, folder) }
            guard let bytes, let file = parsed(bytes, name), self.network(file) == network else { return }
            if !(file.owner.map { valid.contains($0) } ?? spared.contains(name)) { stale.append(file) }
          }
        }
      }
    }
    failures.run(unreadable.throwIfAny)
    return stale
  }
}

// MARK: - Reading

extension AttachmentStore {
  /// Nil if there is no folder, and so nothing was kept; `note` is told what is in its place.
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

  /// Nil if there is no file; a link or a folder was not written by a plugin.
  private func text(_ name: String, _ folder: borrowing Folder) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      return try folder.read(name)
    } catch {
      if error.isOfAnotherKind { return nil }
      throw error
    }
  }

  /// Nil if it is broken.
  private func parsed(_ text: [UInt8], _ name: String) -> File? {
    guard let json = try? JSON(parsing: text), case .object(var contents) = json else { return nil }
    var owner: AttachmentID?
    if case .object(let object)? = contents[ownerMember], case .string(let id)? = object["containerID"],
      case .string(let interface)? = object["interface"]
    {
      owner = AttachmentID(containerID: id, interface: interface)
    }
    contents[ownerMember] = nil
    return File(name: name, contents: contents, owner: owner)
  }

  private func network(_ file: File) -> String? {
    guard case .string(let name)? = file.contents.known(networkMember)?.value else { return nil }
    return name
  }

  private func isOf(_ owner: Attachment, _ file: File) -> Bool {
    file.owner ?? owner.id == owner.id && (!isByNetwork || network(file) == owner.network)
  }
}
