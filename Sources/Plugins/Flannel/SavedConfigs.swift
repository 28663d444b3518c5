// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// The delegates' configurations of the attachments that are there, each in a file of its own.
struct SavedConfigs {
  /// The folder.
  let path: String

  /// What was kept for an attachment; nil if nothing was, or nothing that can be read.
  func read(_ owner: Owner) throws(SystemError) -> JSONObject? {
    guard let folder = try Folder.open(path) else { return nil }
    if let own = Self.parsed(try folder.read(Self.fileName(owner))) { return own }
    let peers = Self.parsed(try folder.read(owner.containerID))
    return peers.flatMap { Self.isFor(owner.network, $0) ? $0 : nil }
  }

  /// Keeps a configuration, under the peer's name too if that is free: so a node can go back to the peer's plugin.
  func write(_ config: JSONObject, _ owner: Owner) throws(SystemError) {
    let folder = try Folder.make(path)
    let name = Self.fileName(owner)
    try folder.write(JSON.object(config).text, to: name)
    try folder.link(name, as: owner.containerID)
  }

  /// Forgets what was kept, the peer's file too if it is about the same network.
  func remove(_ owner: Owner) throws(SystemError) {
    guard let folder = try Folder.open(path) else { return }
    try folder.remove(Self.fileName(owner))
    if let peers = Self.parsed(try folder.read(owner.containerID)), Self.isFor(owner.network, peers) {
      try folder.remove(owner.containerID)
    }
  }

  /// The attachments of a network for which something is kept, but for those of the list.
  func attachments(ofNetwork network: String, except valid: Set<Attachment>) throws(SystemError) -> [Owner] {
    guard let folder = try Folder.open(path) else { return [] }
    return try folder.names().compactMap { name in
      let parts = name.split(separator: ":").map(String.init)
      guard parts.count == 3, parts[0] == network, !name.hasPrefix(".") else { return nil }
      let owner = Owner(network: parts[0], containerID: parts[1], interface: parts[2])
      let attachment = Attachment(containerID: owner.containerID, interface: owner.interface)
      return Self.fileName(owner) == name && !valid.contains(attachment) ? owner : nil
    }
  }

  /// `network:containerID:interface`: none of the three may hold a colon.
  private static func fileName(_ owner: Owner) -> String {
    "\(shortened(owner.network, to: 80)):\(shortened(owner.containerID, to: 140)):\(owner.interface)"
  }

  private static func parsed(_ text: [UInt8]?) -> JSONObject? {
    guard let text, let json = try? JSON(parsing: text), case .object(let object) = json else { return nil }
    return object
  }

  private static func isFor(_ network: String, _ config: JSONObject) -> Bool {
    config.known("name")?.value == .string(network)
  }
}
