// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// The delegates' configurations of the attachments that are there, each in a file of its own; beside what the delegate
/// reads it holds the container and the interface: `"swift-cni": {"containerID": …, "interface": …}`.
struct SavedConfigs {
  /// The folder.
  let path: String

  /// What was kept for an attachment; nil if nothing was, or nothing that can be read.
  func read(_ owner: Owner) throws(SystemError) -> JSONObject? {
    guard let folder = try Folder.open(path) else { return nil }
    for name in [Self.fileName(owner), owner.containerID] {
      guard
        var config = Self.parsed((try? folder.read(name)) ?? nil), Self.isFor(owner, config), Self.namesPlugin(config)
      else { continue }
      config[Self.ownerMember] = nil
      return config
    }
    return nil
  }

  /// Keeps a configuration, under the peer's name too if that is free: so a node can go back to the peer's plugin.
  func write(_ config: JSONObject, _ owner: Owner) throws(SystemError) {
    let folder = try Folder.make(path)
    let name = Self.fileName(owner)
    var marked = config
    marked[Self.ownerMember] = .object(
      JSONObject(["containerID": .string(owner.containerID), "interface": .string(owner.interface)]))
    try folder.write(JSON.object(marked).text, to: name)
    // NAME_MAX: the peer has no file for a longer ID.
    if owner.containerID.utf8.count <= 255 { try folder.link(name, as: owner.containerID) }
  }

  /// Forgets what was kept, under the peer's name too unless that is about another attachment.
  func remove(_ owner: Owner) throws(SystemError) {
    guard let folder = try Folder.open(path) else { return }
    try folder.remove(Self.fileName(owner))
    guard let peers = (try? folder.read(owner.containerID)) ?? nil else { return }
    // A broken file is of use to nobody.
    if Self.parsed(peers).map({ Self.isFor(owner, $0) }) ?? true { try folder.remove(owner.containerID) }
  }

  /// The attachments of a network for which something is kept, but for those of the list.
  func attachments(ofNetwork network: String, except valid: Set<Attachment>) throws(SystemError) -> [Owner] {
    guard let folder = try Folder.open(path) else { return [] }
    var owners: [Owner] = []
    // The peer's files do not say which interface they are about; what is no file is not ours.
    for name in try folder.names() where name.contains(":") && !name.hasPrefix(".") {
      guard
        let config = Self.parsed((try? folder.read(name)) ?? nil), let attachment = Self.attachment(config),
        config.known("name")?.value == .string(network), !valid.contains(attachment)
      else { continue }
      owners.append(Owner(network: network, containerID: attachment.containerID, interface: attachment.interface))
    }
    return owners
  }

  /// `network:containerID:interface`: none of the three may hold a colon.
  private static func fileName(_ owner: Owner) -> String {
    "\(shortened(owner.network, to: 80)):\(shortened(owner.containerID, to: 140)):\(owner.interface)"
  }

  private static func parsed(_ text: [UInt8]?) -> JSONObject? {
    guard let text, let json = try? JSON(parsing: text), case .object(let object) = json else { return nil }
    return object
  }

  private static let ownerMember = "swift-cni"

  /// What a file of ours is about; nil for the peer's.
  private static func attachment(_ config: JSONObject) -> Attachment? {
    guard
      case .object(let owner)? = config[ownerMember], case .string(let id)? = owner["containerID"],
      case .string(let interface)? = owner["interface"]
    else { return nil }
    return Attachment(containerID: id, interface: interface)
  }

  /// Whether a file can be about an attachment: the peer's files tell only the network.
  /// Whether what is to be run is a plugin's name, or none is said.
  private static func namesPlugin(_ config: JSONObject) -> Bool {
    switch config.known("type")?.value {
    case nil: true
    case .string(let type): FlannelOptions.isPluginName(type)
    default: false
    }
  }

  private static func isFor(_ owner: Owner, _ config: JSONObject) -> Bool {
    let wanted = Attachment(containerID: owner.containerID, interface: owner.interface)
    return config.known("name")?.value == .string(owner.network) && (attachment(config).map { $0 == wanted } ?? true)
  }
}
