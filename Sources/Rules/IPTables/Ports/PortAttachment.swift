// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS
import Rules

/// An attachment, and the chains and addresses by which its rules are found in a table.
///
/// Upstream's chain is named by the concatenation of network and container ID. So it may belong to another interface of the same
/// container, which the destinations of its rules tell, or to a container of another network (`net` and `1c`, `net1` and `c`),
/// which the comments of its entries tell. In both cases the attachment gets a chain with a name of our own.
struct PortAttachment {
  let owner: Attachment
  /// The addresses that its ports lead to; empty if they are unknown.
  private let addresses: [IPAddress]
  /// The host ports that it may have.
  private let ports: [HostPort]

  init(_ hint: PortForwardingRequest, ports: [HostPort]) {
    owner = hint.attachment
    self.ports = ports
    var addresses: [IPAddress] = []
    // Nearly all forwards lead to one address of each family.
    for forward in hint.forwards where !addresses.contains(forward.destination.address) {
      addresses.append(forward.destination.address)
    }
    self.addresses = addresses
  }

  var sharedChain: String { PortRules.sharedChain(owner) }
  var ownChain: String { PortRules.ownChain(owner) }
  var isFirstInterface: Bool { owner.interface == "eth0" }

  /// Whether a chain with upstream's name, with its rules and entries, belongs to this attachment.
  func owns(_ chain: PresentPorts.Chain) -> Bool {
    let comments = chain.entries.compactMap { $0.rule?.comment }
    if !comments.isEmpty, !comments.contains(PortRules.sharedComment(owner)) { return false }
    if isFirstInterface { return true }
    let forwards = chain.rules.compactMap { $0.rule?.forward }
    if forwards.isEmpty { return false }
    if !addresses.isEmpty { return forwards.allSatisfy { addresses.contains($0.destination.address) } }
    return forwards.allSatisfy { forward in
      ports.contains { $0.transport == forward.hostPort.transport && $0.port == forward.hostPort.port }
    }
  }

  /// Whether an entry with this comment belongs to the same container, whatever its network and interface are.
  func isOfContainer(_ comment: String?) -> Bool {
    guard let comment else { return false }
    let id = "\" id: \"\(owner.containerID)\""
    return comment.hasSuffix(id) || isPart("\(id) if: \"", of: comment)
  }
}

/// The rules of an attachment in a table.
struct PresentPorts {
  struct Chain {
    let name: String
    let rules: [PlacedRule]
    /// The rules that jump to the chain.
    let entries: [PlacedRule]
  }

  let chains: [Chain]
  /// The chain in which its rules belong.
  let target: String

  func has(_ chain: String) -> Bool { chains.contains { $0.name == chain } }

  func entries(to chain: String) -> [PlacedRule] { chains.first { $0.name == chain }?.entries ?? [] }
}

extension TableEdit {
  /// Finds the rules of an attachment.
  mutating func ports(of attachment: PortAttachment) throws(CNIError) -> PresentPorts {
    let (own, shared) = (attachment.ownChain, attachment.sharedChain)
    try look(at: [own, shared, PortRules.entries, "PREROUTING", "OUTPUT"])
    let ownChain = try portChain(own)
    let sharedChain = try portChain(shared)
    let ownsShared = sharedChain.map { attachment.owns($0) }
    let chains = [ownChain, ownsShared == true ? sharedChain : nil].compactMap { $0 }
    // A present chain is used further; else that with upstream's name, if it is free and this is the first interface, or ours.
    let takesShared = ownsShared ?? attachment.isFirstInterface
    return PresentPorts(chains: chains, target: chains.first?.name ?? (takesShared ? shared : own))
  }

  private mutating func portChain(_ name: String) throws(CNIError) -> PresentPorts.Chain? {
    // Entries are searched, perhaps among thousands, only if the chain is there.
    guard let rules = try rules(of: name) else { return nil }
    return PresentPorts.Chain(name: name, rules: rules, entries: try entries(to: name, in: PortRules.entries))
  }

  /// The entries that jump to a container's chain. The search stops when as many are found as the chain's use count demands;
  /// short-lived containers are found early, because the last added entries are first.
  mutating func entries(to chain: String, in entries: String) throws(CNIError) -> [PlacedRule] {
    let count = try uses(of: chain) - (rules(of: chain) ?? []).count
    var missing = count
    if count <= 0 { return [] }
    let found = try rules(of: entries, holding: [Array(chain.utf8)]) { entry in
      if entry.jump == chain { missing -= 1 }
      return missing == 0
    }
    return found.filter { $0.jump == chain }
  }
}
