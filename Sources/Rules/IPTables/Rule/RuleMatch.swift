// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A match of a rule, by an extension of x_tables.
package enum RuleMatch: Hashable, Sendable {
  case comment(CommentMatch)
  case multiport(MultiportMatch)
  case addressType(AddrtypeMatch)
  case mark(MarkMatch)
  case connection(ConntrackMatch)
  case ports(PortsMatch)

  package var extensionData: any XTablesExtension {
    switch self {
    case .comment(let match): match
    case .multiport(let match): match
    case .addressType(let match): match
    case .mark(let match): match
    case .connection(let match): match
    case .ports(let match): match
    }
  }

  /// As iptables-save prints it.
  package var text: String { "-m \(extensionData.name) \(extensionData.options)" }

  /// Decodes a match of the kernel's; nil if this program does not write such a match.
  package init?(name: String, revision: UInt8, payload: ArraySlice<UInt8>) {
    if let match = CommentMatch(name, revision, payload) {
      self = .comment(match)
    } else if let match = MultiportMatch(name, revision, payload) {
      self = .multiport(match)
    } else if let match = AddrtypeMatch(name, revision, payload) {
      self = .addressType(match)
    } else if let match = MarkMatch(name, revision, payload) {
      self = .mark(match)
    } else if let match = ConntrackMatch(name, revision, payload) {
      self = .connection(match)
    } else if let match = PortsMatch(name, revision, payload) {
      self = .ports(match)
    } else {
      return nil
    }
  }
}

/// A match or a target as the kernel's x_tables has it (linux/netfilter/x_tables.h, struct xt_entry_match).
package protocol XTablesExtension: Sendable {
  /// The kernel's name, at most 28 bytes.
  var name: String { get }
  /// The revision of the payload's structure.
  var revision: UInt8 { get }
  /// The structure of the extension, with integers in host byte order unless said otherwise.
  var payload: [UInt8] { get }
  /// The options as iptables-save prints them, after the name.
  var options: String { get }
}
