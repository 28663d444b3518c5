// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import NFTables
import Netlink
import Rules

extension Table {
  /// The table in which upstream's plugins have a rule for each address that they masquerade by nftables.
  static let upstreamMasquerade = Table(.inet, "cni_plugins_masquerade")
}

/// The rules of upstream's plugins, whose comments begin with hashes: of the network, and of the interface and the container.
enum UpstreamMasquerade {
  /// What the comments of an attachment's rules begin with.
  static func prefix(of owner: Attachment) -> String {
    "\(prefix(ofNetwork: owner.network))\(hash("\(owner.interface):\(owner.containerID)"))"
  }

  private static func prefix(ofNetwork network: String) -> String { "\(hash(network))-" }

  private static func hash(_ text: String) -> String { String(sha512(text).prefix(16)) }

  /// Whether each address of a request has a rule of the attachment, in a chain to which packets are led.
  static func holds(_ request: MasqueradeRequest) throws(CNIError) -> Bool {
    let attachment = request.attachment
    return try ElementStore.transaction("read upstream's rules of \(attachment)") { (session) throws(NetlinkError) in
      let snapshot = try session.read(elements: [], tables: [.upstreamMasquerade])
      if snapshot.tables.isEmpty { return .success(false) }
      let all = try session.rules(of: .upstreamMasquerade)
      let chains = all.compactMap { Expression.jump(in: $0.encodedExpressions) }
      let prefix = Self.prefix(of: attachment)
      let own = all.filter { $0.comment?.text.hasPrefix(prefix) ?? false && chains.contains($0.chain) }
      return .success(request.sources.allSatisfy { source in own.contains { $0.masquerades(source.address) } })
    }
  }

  /// Removes the rules of a network's attachments, but for those of the list.
  static func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let action = "remove what upstream's plugin has left of network \(network)"
    try ElementStore.transaction(action) { (session) throws(NetlinkError) in
      let snapshot = try session.read(elements: [], tables: [.upstreamMasquerade])
      if snapshot.tables.isEmpty { return .success(()) }
      let prefix = Self.prefix(ofNetwork: network)
      let spared = valid.map { Self.prefix(of: $0.attachment(to: network)) }.sorted()
      let stale = try session.rules(of: .upstreamMasquerade).filter { rule in
        guard let comment = rule.comment?.text, comment.hasPrefix(prefix) else { return false }
        return !spared.contains { comment.hasPrefix($0) }
      }
      if !stale.isEmpty { try session.commit(stale.map { $0.deletion() }, generation: snapshot.generation) }
      return .success(())
    }
  }
}

extension StoredRule {
  /// Whether it masquerades an address; that it is the source and not the destination tells the rule's comment.
  fileprivate func masquerades(_ address: IPAddress) -> Bool {
    guard let expressions else { return false }
    return expressions.contains(.compare(address.bytes))
      && (expressions.last == .masquerade || expressions.last == .masqueradeKeepingPort)
  }
}
