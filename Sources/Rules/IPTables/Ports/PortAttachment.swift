// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// An attachment, and by what its rules are known in a table.
///
/// Upstream's chain is named by network and container ID alone, written one behind the other. So it may be another interface's
/// of the same container, which its rules tell by where they lead; and it may be another container's of another network
/// (`net` and `1c`, `net1` and `c`), which the comments of its entries tell. In both cases the attachment has a chain of our own
/// name.
struct PortAttachment {
  let owner: Attachment
  /// Where its ports lead to; empty if that is not known.
  private let addresses: [IPAddress]
  /// The ports that it may have.
  private let ports: [HostPort]

  init(_ hint: PortForwardingRequest, ports: [HostPort]) {
    owner = hint.attachment
    self.ports = ports
    var addresses: [IPAddress] = []
    // Nearly all lead to one address of each family.
    for forward in hint.forwards where !addresses.contains(forward.destination.address) {
      addresses.append(forward.destination.address)
    }
    self.addresses = addresses
  }

  var sharedChain: String { PortRules.sharedChain(owner) }
  var ownChain: String { PortRules.ownChain(owner) }
  var isFirstInterface: Bool { owner.interface == "eth0" }

  /// Whether upstream's chain, with these rules and entries, is this attachment's.
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

  /// Whether an entry with this comment is of the same container, whatever its network and interface.
  func isOfContainer(_ comment: String?) -> Bool {
    guard let comment else { return false }
    let id = "\" id: \"\(owner.containerID)\""
    return comment.hasSuffix(id) || comment.contains("\(id) if: \"")
  }
}

/// What an attachment has in a table.
struct PresentPorts {
  struct Chain {
    let name: String
    let rules: [PlacedRule]
    /// The rules that jump to it.
    let entries: [PlacedRule]
  }

  let chains: [Chain]
  /// The chain that its rules belong in.
  let target: String

  func has(_ chain: String) -> Bool { chains.contains { $0.name == chain } }

  func entries(to chain: String) -> [PlacedRule] { chains.first { $0.name == chain }?.entries ?? [] }
}

extension TableEdit {
  /// Finds what an attachment has.
  mutating func ports(of attachment: PortAttachment) throws(CNIError) -> PresentPorts {
    let (own, shared) = (attachment.ownChain, attachment.sharedChain)
    try look(at: [own, shared, PortRules.entries, "PREROUTING", "OUTPUT"])
    let ownChain = try portChain(own)
    let sharedChain = try portChain(shared)
    let ownsShared = sharedChain.map { attachment.owns($0) }
    let chains = [ownChain, ownsShared == true ? sharedChain : nil].compactMap { $0 }
    // With a chain already the first, else upstream's, where it is this attachment's and free.
    let takesShared = ownsShared ?? attachment.isFirstInterface
    return PresentPorts(chains: chains, target: chains.first?.name ?? (takesShared ? shared : own))
  }

  private mutating func portChain(_ name: String) throws(CNIError) -> PresentPorts.Chain? {
    // Only if there is a chain can there be entries, of which there may be thousands to look at.
    guard let rules = try rules(of: name) else { return nil }
    return PresentPorts.Chain(name: name, rules: rules, entries: try entries(to: name, in: PortRules.entries))
  }

  /// The rules that jump to a container's chain. The last added come first, and who is deleted soon is found soon: all that use
  /// the chain are its own rules, and these.
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
