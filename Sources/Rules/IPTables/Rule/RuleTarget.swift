// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// The target of a rule.
package enum RuleTarget: Hashable, Sendable {
  case jump(String)
  case accept
  case drop
  case `return`
  case mark(MarkTarget)
  case translate(DNATTarget)
  case masquerade(MasqueradeTarget)

  /// The extension of the target; nil for a verdict or a jump.
  package var extensionData: (any XTablesExtension)? {
    switch self {
    case .jump, .accept, .drop, .return: nil
    case .mark(let target): target
    case .translate(let target): target
    case .masquerade(let target): target
    }
  }

  /// As iptables-save prints it.
  package var text: String {
    switch self {
    case .jump(let chain): return "-j \(chain)"
    case .accept: return "-j ACCEPT"
    case .drop: return "-j DROP"
    case .return: return "-j RETURN"
    case .mark, .translate, .masquerade:
      guard let data = extensionData else { return "" }
      return data.options.isEmpty ? "-j \(data.name)" : "-j \(data.name) \(data.options)"
    }
  }

  /// Decodes a target of the kernel's; nil if this program does not write such a target.
  package init?(name: String, revision: UInt8, payload: ArraySlice<UInt8>, _ family: AddressFamily) {
    if let target = MarkTarget(name, revision, payload) {
      self = .mark(target)
    } else if let target = DNATTarget(name, revision, payload, family) {
      self = .translate(target)
    } else if let target = MasqueradeTarget(name, revision, payload, family) {
      self = .masquerade(target)
    } else {
      return nil
    }
  }
}

extension RuleTarget {
  /// Targets after which a packet goes on as if the rule had not been there.
  package static let harmless = [
    "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK", "CLASSIFY", "TCPMSS",
    "TCPOPTSTRIP", "DSCP", "TOS", "TTL", "HL", "ECN", "CT", "SET", "IDLETIMER", "LED", "RATEEST", "TEE", "CHECKSUM",
  ]
}
