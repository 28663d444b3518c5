// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// The delegates' configurations of the attachments that are there, each in a file of its own. Beside what upstream keeps it holds
/// the container and the interface, `"swift-cni": {"containerID": …, "interface": …}`: GC must know whose it is.
struct SavedConfigs {
  /// The folder.
  let path: String

  /// What was kept for an attachment; nil if nothing was, or what is no configuration.
  func read(_ owner: Attachment) throws(SystemError) -> JSONObject? {
    guard let folder = try Folder.open(path) else { return nil }
    for name in [Self.fileName(owner), owner.containerID] {
      guard
        var config = Self.parsed(try Self.text(name, in: folder)), Self.isFor(owner, config), Self.namesPlugin(config)
      else { continue }
      config[Self.ownerMember] = nil
      return config
    }
    return nil
  }

  /// Keeps a configuration, under upstream's name too if that is free: so a node can go back to upstream's plugin.
  func write(_ config: JSONObject, _ owner: Attachment) throws(SystemError) {
    let folder = try Folder.make(path)
    let name = Self.fileName(owner)
    var marked = config
    marked[Self.ownerMember] = .object(
      JSONObject(["containerID": .string(owner.containerID), "interface": .string(owner.interface)]))
    try folder.write(JSON.object(marked).text, to: name)
    // NAME_MAX: upstream has no file for a longer ID.
    if owner.containerID.utf8.count <= 255 { try folder.link(name, as: owner.containerID) }
  }

  /// Forgets what was kept, under upstream's name too unless that is about another attachment.
  func remove(_ owner: Attachment) throws(SystemError) {
    guard let folder = try Folder.open(path) else { return }
    try folder.remove(Self.fileName(owner))
    guard let upstream = try Self.text(owner.containerID, in: folder) else { return }
    // A broken file is of use to nobody.
    if Self.parsed(upstream).map({ Self.isFor(owner, $0) }) ?? true { try folder.remove(owner.containerID) }
  }

  /// The attachments of a network for which something is kept, but for those of the list; `failed` is told of what cannot be read.
  func attachments(
    ofNetwork network: String, except valid: Set<AttachmentID>, failed: (SystemError) -> Void
  ) throws(SystemError) -> [Attachment] {
    guard let folder = try Folder.open(path) else { return [] }
    var owners: [Attachment] = []
    // Upstream's files do not say which interface they are about; what is no file is not ours.
    for name in try folder.names() where name.contains(":") && !name.hasPrefix(".") {
      do throws(SystemError) {
        guard
          let config = Self.parsed(try Self.text(name, in: folder)), let id = Self.attachment(config),
          config.known("name")?.value == .string(network), !valid.contains(id)
        else { continue }
        owners.append(id.attachment(to: network))
      } catch {
        failed(error)
      }
    }
    return owners
  }

  /// What a file holds; nil if there is none, or what is there is no file.
  private static func text(_ name: String, in folder: borrowing Folder) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      return try folder.read(name)
    } catch {
      if error.isOfAnotherKind { return nil }
      throw error
    }
  }

  /// `network:containerID:interface`: none of the three may hold a colon.
  private static func fileName(_ owner: Attachment) -> String {
    "\(shortened(owner.network, to: 80)):\(shortened(owner.containerID, to: 140)):\(owner.interface)"
  }

  private static func parsed(_ text: [UInt8]?) -> JSONObject? {
    guard let text, let json = try? JSON(parsing: text), case .object(let object) = json else { return nil }
    return object
  }

  private static let ownerMember = "swift-cni"

  /// What a file of ours is about; nil for upstream's.
  private static func attachment(_ config: JSONObject) -> AttachmentID? {
    guard
      case .object(let owner)? = config[ownerMember], case .string(let id)? = owner["containerID"],
      case .string(let interface)? = owner["interface"]
    else { return nil }
    return AttachmentID(containerID: id, interface: interface)
  }

  /// Whether what is to be run is a plugin's name, or none is said.
  private static func namesPlugin(_ config: JSONObject) -> Bool {
    switch config.known("type")?.value {
    case nil: true
    case .string(let type): FlannelOptions.isPluginName(type)
    default: false
    }
  }

  /// Whether a file can be about an attachment: upstream's files tell only the network.
  private static func isFor(_ owner: Attachment, _ config: JSONObject) -> Bool {
    let wanted = AttachmentID(containerID: owner.containerID, interface: owner.interface)
    return config.known("name")?.value == .string(owner.network) && (attachment(config).map { $0 == wanted } ?? true)
  }
}
