// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Skel
import Store

/// The delegates' configurations of attachments, each in a file of its own. Beside what upstream keeps a file holds the container and the
/// interface, `"swift-cni": {"containerID": …, "interface": …}`.
struct SavedConfigs {
  private let store: AttachmentStore

  /// Takes the folder's path.
  init(_ path: String, note: @escaping (String) -> Void) {
    store = AttachmentStore(
      path, for: "keep the delegate's configuration", ownerMember: "swift-cni", networkMember: "name",
      isByNetwork: true,
      note: note
    ) { [Self.fileName($0), $0.containerID] }
  }

  /// `network:containerID:interface`: none of the three may hold a colon, nor does upstream's name, the container's ID.
  private static func fileName(_ owner: Attachment) -> String {
    "\(shortened(owner.network, to: 80)):\(shortened(owner.containerID, to: 140)):\(owner.interface)"
  }

  /// The configuration of an attachment; nil if none was kept that can be used.
  func read(_ owner: Attachment) throws(CNIError) -> JSONObject? {
    try store.files(of: owner).map(\.contents).first { Self.namesPlugin($0) }
  }

  /// Keeps a configuration, under upstream's name too if that is free, so that a node can go back to upstream's plugin.
  func write(_ config: JSONObject, _ owner: Attachment) throws(CNIError) {
    try store.write(config, of: owner)
    // NAME_MAX: upstream has no file for a longer ID.
    if owner.containerID.utf8.count <= 255 { try store.link(owner, as: owner.containerID) }
  }

  /// Removes a configuration, and the file with upstream's name unless that is another attachment's.
  func remove(_ owner: Attachment) throws(CNIError) { try store.remove(owner) }

  /// The attachments of a network with a kept configuration, without the valid ones.
  func attachments(
    ofNetwork network: String, except valid: Set<AttachmentID>, _ failures: inout ErrorCollector
  ) -> [Attachment] {
    // Upstream's files do not say which interface they are about, and what has upstream's name has a name of ours too.
    store.stale(ofNetwork: network, sparing: valid, &failures).filter { $0.name.contains(":") }
      .compactMap { $0.owner?.attachment(to: network) }
  }

  /// Whether the configuration names a plugin that may be run, or none.
  private static func namesPlugin(_ config: JSONObject) -> Bool {
    switch config.known("type")?.value {
    case nil: true
    case .string(let type): FlannelOptions.isPluginName(type)
    default: false
    }
  }
}
