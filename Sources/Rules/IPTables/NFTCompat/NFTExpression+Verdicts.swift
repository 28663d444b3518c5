// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension NFTExpression {
  /// The chain that a rule goes on in, whatever else is in it.
  static func jump(in bytes: ArraySlice<UInt8>) -> String? {
    // It is the last expression.
    var last: ArraySlice<UInt8>?
    for element in AttributeList(bytes) { last = element.value }
    guard let last else { return nil }
    // No other expression has attributes of these types within one another.
    let data = Attributes(last).nested(Int(NFTA_EXPR_DATA.rawValue)).nested(Int(NFTA_IMMEDIATE_DATA.rawValue))
    return data.nested(Int(NFTA_DATA_VERDICT.rawValue))[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text
  }
}

// MARK: - What becomes of packets

extension NFTExpression {
  /// Whether a rule can drop a packet, also one that is otherwise not understood; not by the chain that it jumps to.
  static func canDrop(in bytes: ArraySlice<UInt8>) -> Bool {
    AttributeList(bytes).contains { element in
      let expression = Attributes(element.value)
      let data = expression.nested(Int(NFTA_EXPR_DATA.rawValue))
      switch expression[Int(NFTA_EXPR_NAME.rawValue)]?.text {
      case "immediate":
        let verdict = data.nested(Int(NFTA_IMMEDIATE_DATA.rawValue)).nested(Int(NFTA_DATA_VERDICT.rawValue))
        let code = verdict[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(Int32.self, at: 0)?.bigEndian
        // Beside the verdict a number of a queue may stand (linux/netfilter.h, NF_VERDICT_MASK).
        return code.map { $0 >= 0 && ![NF_ACCEPT, NF_REPEAT].contains($0 & 0xff) } ?? false
      case "target": return !harmlessTargets.contains(data[Int(NFTA_TARGET_NAME.rawValue)]?.text ?? "")
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

/// Targets after which a packet goes on as if the rule had not been there.
let harmlessTargets = [
  "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK", "CLASSIFY", "TCPMSS",
  "TCPOPTSTRIP", "DSCP", "TOS", "TTL", "HL", "ECN", "CT", "SET", "IDLETIMER", "LED", "RATEEST", "TEE", "CHECKSUM",
]
