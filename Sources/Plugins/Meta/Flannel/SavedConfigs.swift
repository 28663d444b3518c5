// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Skel
import Store

/// The delegates' configurations of the attachments that are there, each in a file of its own. Beside what upstream keeps it holds
/// the container and the interface, `"swift-cni": {"containerID": …, "interface": …}`.
struct SavedConfigs {
  private let store: AttachmentStore

  /// Takes the folder's path.
  init(_ path: String, note: @escaping (String) -> Void) {
    store = AttachmentStore(path, Self.format, for: "keep the delegate's configuration", note: note)
  }

  private static let format = AttachmentStore.Format(
    ownerMember: "swift-cni", networkMember: "name", isByNetwork: true
  ) { [fileName($0), $0.containerID] }

  /// `network:containerID:interface`: none of the three may hold a colon, nor does upstream's name, the container's ID.
  private static func fileName(_ owner: Attachment) -> String {
    "\(shortened(owner.network, to: 80)):\(shortened(owner.containerID, to: 140)):\(owner.interface)"
  }

  /// What was kept for an attachment; nil if nothing was, or what is no configuration.
  func read(_ owner: Attachment) throws(CNIError) -> JSONObject? {
    try store.files(of: owner).map(\.contents).first { Self.namesPlugin($0) }
  }

  /// Keeps a configuration, under upstream's name too if that is free: so a node can go back to upstream's plugin.
  func write(_ config: JSONObject, _ owner: Attachment) throws(CNIError) {
    try store.write(config, of: owner)
    // NAME_MAX: upstream has no file for a longer ID.
    if owner.containerID.utf8.count <= 255 { try store.link(owner, as: owner.containerID) }
  }

  /// Forgets what was kept, under upstream's name too unless that is about another attachment.
  func remove(_ owner: Attachment) throws(CNIError) { try store.remove(owner) }

  /// The attachments of a network for which something is kept, but for those of the list.
  func attachments(
    ofNetwork network: String, except valid: Set<AttachmentID>, _ failures: inout Failures
  ) throws(CNIError) -> [Attachment] {
    // Upstream's files do not say which interface they are about, and what has upstream's name has a name of ours too.
    try store.stale(ofNetwork: network, sparing: valid, &failures).filter { $0.name.contains(":") }
      .compactMap { $0.owner?.attachment(to: network) }
  }

  /// Whether what is to be run is a plugin's name, or none is said.
  private static func namesPlugin(_ config: JSONObject) -> Bool {
    switch config.known("type")?.value {
    case nil: true
    case .string(let type): FlannelOptions.isPluginName(type)
    default: false
    }
  }
}
