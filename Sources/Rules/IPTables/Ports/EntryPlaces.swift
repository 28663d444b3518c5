// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules

/// The places of an attachment's entries. If several containers want a port, the last added has it: its entry is at the start of
/// the chain. If several attachments of one container do, the first keeps it, whatever the interfaces are called: the entry of a
/// later one stands behind its entry, and behind those of the container's other attachments that wait next.
struct EntryPlaces {
  /// The ports that wait, each with the entry behind which the attachment's own belongs.
  private(set) var waiting: [(ports: Set<PortOfTransport>, entry: PlacedRule)] = []

  /// Whether the entry for a port belongs at the start.
  func isFront(_ port: HostPort) -> Bool { !waiting.contains { $0.ports.contains(PortOfTransport(port)) } }

  fileprivate mutating func wait(_ port: PortOfTransport, behind entry: PlacedRule) {
    if let index = waiting.firstIndex(where: { $0.entry == entry }) {
      waiting[index].ports.insert(port)
    } else {
      waiting.append(([port], entry))
    }
  }
}

extension TableEdit {
  /// Finds the places of an attachment's entries, given its present ones.
  mutating func entryPlaces(
    of rules: PortRules, over present: PresentPorts
  ) throws(CNIError) -> EntryPlaces {
    var places = EntryPlaces()
    let siblings = try siblingChains(of: rules, over: present)
    if siblings.isEmpty { return places }
    var undecided = Dictionary(grouping: rules.hostPorts) { PortOfTransport($0) }
    var published: [String: PublishedPorts] = [:]
    var waiting: [PortOfTransport: PlacedRule] = [:]
    for entry in try self.rules(of: PortRules.entries) ?? [] {
      guard let chain = entry.jump, let rule = entry.rule else { continue }
      let isSibling = siblings.contains(chain)
      for port in rule.entryPorts(among: undecided.keys) {
        if waiting[port] == nil {
          if published[chain] == nil { published[chain] = try publishedPorts(chain) }
          let takes = (published[chain]?[port] ?? []).contains { forward in
            undecided[port]?.contains {
              isSibling ? forward.hostPort.overlaps($0) : forward.hostPort.covers($0)
            } ?? false
          }
          if !takes { continue }
        }
        if isSibling { waiting[port] = entry } else { undecided[port] = nil }
      }
      if undecided.isEmpty { break }
    }
    for (port, entry) in waiting { places.wait(port, behind: entry) }
    return places
  }

  /// The chains of other attachments of the same container.
  private mutating func siblingChains(
    of rules: PortRules, over present: PresentPorts
  ) throws(CNIError) -> [String] {
    if rules.isOnlyAttachment { return [] }
    guard try uses(of: PortRules.entries) > 0 else { return [] }
    let id = Array("id: \"\(rules.attachment.owner.containerID)\"".utf8)
    var chains: [String] = []
    for entry in try self.rules(of: PortRules.entries, holding: [id]) {
      guard
        let chain = entry.jump, chain != rules.chain, !present.has(chain), !chains.contains(chain),
        rules.attachment.isOfContainer(entry.rule?.comment)
      else { continue }
      chains.append(chain)
    }
    return chains
  }
}
