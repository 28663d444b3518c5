// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension Expression {
  /// The chain that a rule jumps or goes to, also if its other expressions are unknown.
  package static func jump(in bytes: ArraySlice<UInt8>) -> String? {
    // The jump is the last expression.
    var last: ArraySlice<UInt8>?
    for element in AttributeList(bytes) { last = element.value }
    guard let last else { return nil }
    // No other expression has attributes of these types within one another.
    let data = Attributes(last).nested(Int(NFTA_EXPR_DATA.rawValue)).nested(Int(NFTA_IMMEDIATE_DATA.rawValue))
    return data.nested(Int(NFTA_DATA_VERDICT.rawValue))[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text
  }
}

// MARK: - The protocol of a rule

extension Expression {
  /// The protocol that a rule's attributes compare packets with, also if its other expressions are unknown.
  package static func xtablesProtocol(of rule: Attributes) -> XTablesProtocol {
    transport(in: rule[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? [])
      .map { XTablesProtocol($0.number, isNegated: $0.isNegated) } ?? XTablesProtocol()
  }

  /// The protocol that a rule is for, or excludes, also if its other expressions are unknown.
  package static func transport(in bytes: ArraySlice<UInt8>) -> (number: UInt8, isNegated: Bool)? {
    var isLoaded = false
    for element in AttributeList(bytes) {
      let expression = Attributes(element.value)
      let data = expression.nested(Int(NFTA_EXPR_DATA.rawValue))
      func word(_ type: UInt32) -> UInt32? { data[Int(type)]?.integer(UInt32.self, at: 0)?.bigEndian }
      switch expression[Int(NFTA_EXPR_NAME.rawValue)]?.text {
      case "meta": isLoaded = word(NFTA_META_KEY.rawValue) == NFT_META_L4PROTO.rawValue
      // Older programs compare the field "protocol" of IPv4 (RFC 791, 3.1).
      case "payload":
        isLoaded =
          word(NFTA_PAYLOAD_BASE.rawValue) == NFT_PAYLOAD_NETWORK_HEADER.rawValue
          && word(NFTA_PAYLOAD_OFFSET.rawValue) == 9 && word(NFTA_PAYLOAD_LEN.rawValue) == 1
      case "cmp" where isLoaded:
        let value = data.nested(Int(NFTA_CMP_DATA.rawValue))[Int(NFTA_DATA_VALUE.rawValue)]
        let isNegated = word(NFTA_CMP_OP.rawValue) == NFT_CMP_NEQ.rawValue
        return value?.first.map { ($0, isNegated) }
      default: isLoaded = false
      }
    }
    return nil
  }
}

// MARK: - Rules that can drop

extension Expression {
  /// Whether a rule can drop a packet by itself, and not by the chain that it jumps to; unknown expressions are allowed. A packet continues
  /// after the targets of x_tables that are `harmless`.
  package static func canDrop(in bytes: ArraySlice<UInt8>, harmless: [String]) -> Bool {
    AttributeList(bytes).contains { element in
      let expression = Attributes(element.value)
      let data = expression.nested(Int(NFTA_EXPR_DATA.rawValue))
      switch expression[Int(NFTA_EXPR_NAME.rawValue)]?.text {
      case "immediate":
        let verdict = data.nested(Int(NFTA_IMMEDIATE_DATA.rawValue)).nested(Int(NFTA_DATA_VERDICT.rawValue))
        let code = verdict[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(Int32.self, at: 0)?.bigEndian
        // The upper bits may hold the number of a queue (linux/netfilter.h, NF_VERDICT_MASK).
        return code.map { $0 >= 0 && ![NF_ACCEPT, NF_REPEAT].contains($0 & 0xff) } ?? false
      case "target": return !harmless.contains(data[Int(NFTA_TARGET_NAME.rawValue)]?.text ?? "")
      case "reject", "queue", "synproxy": return true
      // A map of verdicts.
      case "lookup":
        let register = data[Int(NFTA_LOOKUP_DREG.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
        return register == NFT_REG_VERDICT.rawValue
      default: return false
      }
    }
  }
}
