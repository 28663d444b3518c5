// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A step of a rule in nf_tables as iptables-nft writes it (linux/netfilter/nf_tables.h). Values go through the first
/// register, verdicts through the one for them; integers are in network byte order.
enum CompatExpression: Equatable {
  /// `meta load KEY`
  case meta(UInt32)
  /// `payload load LENGTHb @ BASE header + OFFSET`
  case payload(base: UInt32, offset: UInt32, length: UInt32)
  /// `bitwise reg 1 = ( reg 1 & MASK ) ^ 0`
  case mask([UInt8])
  case compare([UInt8], isNegated: Bool)
  /// `range eq reg 1 FROM TO`
  case range([UInt8], [UInt8], isNegated: Bool)
  case counter
  /// `immediate reg 0 accept`, or a jump to a chain.
  case verdict(Int32, chain: String?)
  /// `match name … rev …`, a match of x_tables.
  case match(name: String, revision: UInt8, payload: [UInt8])
  case target(name: String, revision: UInt8, payload: [UInt8])

  private var name: String {
    switch self {
    case .meta: "meta"
    case .payload: "payload"
    case .mask: "bitwise"
    case .compare: "cmp"
    case .range: "range"
    case .counter: "counter"
    case .verdict: "immediate"
    case .match: "match"
    case .target: "target"
    }
  }

  /// The bytes of NFTA_RULE_EXPRESSIONS.
  static func encoded(_ expressions: [CompatExpression]) -> [UInt8] {
    var list = NetlinkMessage(type: 0)
    for expression in expressions {
      list.nested(NFTA_LIST_ELEM.rawValue) { element in
        element.attribute(NFTA_EXPR_NAME.rawValue, text: expression.name)
        element.nested(NFTA_EXPR_DATA.rawValue) { expression.append(to: &$0) }
      }
    }
    return list.contents
  }

  /// Reads the expressions of a rule; nil if one is none of these.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> [CompatExpression]? {
    var list: [CompatExpression] = []
    for element in AttributeList(bytes) {
      guard let expression = CompatExpression(Attributes(element.value)) else { return nil }
      list.append(expression)
    }
    return list
  }
}

extension CompatExpression {
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

extension CompatExpression {
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
let harmlessTargets: Set<String> = [
  "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK", "CLASSIFY", "TCPMSS",
  "TCPOPTSTRIP", "DSCP", "TOS", "TTL", "HL", "ECN", "CT", "SET", "IDLETIMER", "LED", "RATEEST", "TEE", "CHECKSUM",
]

// MARK: - In a message

extension CompatExpression {
  private func append(to data: inout NetlinkMessage) {
    func word(_ type: UInt32, _ value: UInt32) { data.attribute(type, value.bigEndian) }
    switch self {
    case .meta(let key):
      word(NFTA_META_KEY.rawValue, key)
      word(NFTA_META_DREG.rawValue, Self.first)
    case .payload(let base, let offset, let length):
      word(NFTA_PAYLOAD_DREG.rawValue, Self.first)
      word(NFTA_PAYLOAD_BASE.rawValue, base)
      word(NFTA_PAYLOAD_OFFSET.rawValue, offset)
      word(NFTA_PAYLOAD_LEN.rawValue, length)
    case .mask(let mask):
      word(NFTA_BITWISE_SREG.rawValue, Self.first)
      word(NFTA_BITWISE_DREG.rawValue, Self.first)
      word(NFTA_BITWISE_LEN.rawValue, UInt32(mask.count))
      data.attribute(NFTA_BITWISE_MASK.rawValue, data: mask)
      data.attribute(NFTA_BITWISE_XOR.rawValue, data: [UInt8](repeating: 0, count: mask.count))
    case .compare(let bytes, let isNegated):
      word(NFTA_CMP_SREG.rawValue, Self.first)
      word(NFTA_CMP_OP.rawValue, (isNegated ? NFT_CMP_NEQ : NFT_CMP_EQ).rawValue)
      data.attribute(NFTA_CMP_DATA.rawValue, data: bytes)
    case .range(let from, let to, let isNegated):
      word(NFTA_RANGE_SREG.rawValue, Self.first)
      word(NFTA_RANGE_OP.rawValue, (isNegated ? NFT_RANGE_NEQ : NFT_RANGE_EQ).rawValue)
      data.attribute(NFTA_RANGE_FROM_DATA.rawValue, data: from)
      data.attribute(NFTA_RANGE_TO_DATA.rawValue, data: to)
    case .counter:
      data.attribute(NFTA_COUNTER_BYTES.rawValue, UInt64(0))
      data.attribute(NFTA_COUNTER_PACKETS.rawValue, UInt64(0))
    case .verdict(let code, let chain):
      word(NFTA_IMMEDIATE_DREG.rawValue, NFT_REG_VERDICT.rawValue)
      data.nested(NFTA_IMMEDIATE_DATA.rawValue) { value in
        value.nested(NFTA_DATA_VERDICT.rawValue) { verdict in
          verdict.attribute(NFTA_VERDICT_CODE.rawValue, code.bigEndian)
          if let chain { verdict.attribute(NFTA_VERDICT_CHAIN.rawValue, text: chain) }
        }
      }
    case .match(let name, let revision, let payload):
      data.attribute(NFTA_MATCH_NAME.rawValue, text: name)
      word(NFTA_MATCH_REV.rawValue, UInt32(revision))
      data.attribute(NFTA_MATCH_INFO.rawValue, aligned(payload))
    case .target(let name, let revision, let payload):
      data.attribute(NFTA_TARGET_NAME.rawValue, text: name)
      word(NFTA_TARGET_REV.rawValue, UInt32(revision))
      data.attribute(NFTA_TARGET_INFO.rawValue, aligned(payload))
    }
  }

  private init?(_ expression: Attributes) {
    let data = expression.nested(Int(NFTA_EXPR_DATA.rawValue))
    func word(_ type: UInt32) -> UInt32? { data[Int(type)]?.integer(UInt32.self, at: 0)?.bigEndian }
    func value(_ type: UInt32) -> [UInt8] { Array(data.nested(Int(type))[Int(NFTA_DATA_VALUE.rawValue)] ?? []) }
    switch expression[Int(NFTA_EXPR_NAME.rawValue)]?.text {
    case "meta":
      guard let key = word(NFTA_META_KEY.rawValue), word(NFTA_META_DREG.rawValue) == Self.first else { return nil }
      self = .meta(key)
    case "payload":
      guard
        word(NFTA_PAYLOAD_DREG.rawValue) == Self.first, let base = word(NFTA_PAYLOAD_BASE.rawValue),
        let offset = word(NFTA_PAYLOAD_OFFSET.rawValue), let length = word(NFTA_PAYLOAD_LEN.rawValue)
      else { return nil }
      self = .payload(base: base, offset: offset, length: length)
    case "bitwise":
      let mask = value(NFTA_BITWISE_MASK.rawValue)
      guard !mask.isEmpty, value(NFTA_BITWISE_XOR.rawValue).allSatisfy({ $0 == 0 }) else { return nil }
      self = .mask(mask)
    case "cmp":
      guard let operation = word(NFTA_CMP_OP.rawValue), operation <= NFT_CMP_NEQ.rawValue else { return nil }
      self = .compare(value(NFTA_CMP_DATA.rawValue), isNegated: operation == NFT_CMP_NEQ.rawValue)
    case "range":
      let isNegated = word(NFTA_RANGE_OP.rawValue) == NFT_RANGE_NEQ.rawValue
      self = .range(
        value(NFTA_RANGE_FROM_DATA.rawValue), value(NFTA_RANGE_TO_DATA.rawValue), isNegated: isNegated)
    case "counter": self = .counter
    case "immediate":
      let verdict = data.nested(Int(NFTA_IMMEDIATE_DATA.rawValue)).nested(Int(NFTA_DATA_VERDICT.rawValue))
      guard let code = verdict[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(Int32.self, at: 0) else { return nil }
      self = .verdict(code.bigEndian, chain: verdict[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text)
    case "match":
      self = .match(
        name: data[Int(NFTA_MATCH_NAME.rawValue)]?.text ?? "",
        revision: UInt8(clamping: word(NFTA_MATCH_REV.rawValue) ?? 0),
        payload: Array(data[Int(NFTA_MATCH_INFO.rawValue)] ?? []))
    case "target":
      self = .target(
        name: data[Int(NFTA_TARGET_NAME.rawValue)]?.text ?? "",
        revision: UInt8(clamping: word(NFTA_TARGET_REV.rawValue) ?? 0),
        payload: Array(data[Int(NFTA_TARGET_INFO.rawValue)] ?? []))
    default: return nil
    }
  }

  /// `NFT_REG_1`
  private static let first: UInt32 = 1
}

/// A payload of x_tables as the kernel counts it: in units of eight bytes (`XT_ALIGN`, linux/netfilter/x_tables.h).
func aligned(_ payload: [UInt8]) -> [UInt8] {
  payload + [UInt8](repeating: 0, count: (8 - payload.count % 8) % 8)
}
