// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

extension NetlinkMessage {
  /// The message as the command of nft that makes the same change, for a log. `set` returns a set by its name, whose types
  /// elements are printed with; elements of unknown sets are printed as bytes, and expressions of rules as `nft --debug netlink`
  /// prints them.
  func nftCommand(_ set: (String) -> NamedSet?) -> String {
    guard let family = contents.first.flatMap({ Table.Family(rawValue: $0) }) else { return "nf_tables \(type)" }
    let attributes = Attributes(contents.dropFirst(4))
    func text(_ type: some BinaryInteger) -> String { attributes[Int(type)]?.text ?? "" }
    // In all these messages the first attribute is the table's name, and the second that of the chain or set.
    let object = "\(family) \(text(1))"
    let named = "\(object) \(text(2))"
    switch nf_tables_msg_types(rawValue: UInt32(type & 0xff)) {
    case NFT_MSG_NEWTABLE: return "add table \(object)"
    case NFT_MSG_NEWCHAIN: return "add chain \(object) \(text(NFTA_CHAIN_NAME.rawValue))\(Self.hook(attributes))"
    case NFT_MSG_DELCHAIN: return "delete chain \(object) \(text(NFTA_CHAIN_NAME.rawValue))"
    case NFT_MSG_NEWRULE: return rule(named, attributes)
    case NFT_MSG_DELRULE:
      guard let handle = attributes[Int(NFTA_RULE_HANDLE.rawValue)]?.integer(UInt64.self, at: 0)?.bigEndian else {
        return "flush chain \(named)"
      }
      return "delete rule \(named) handle \(handle)"
    case NFT_MSG_NEWSET: return Self.newSet(named, attributes)
    case NFT_MSG_DELSET: return "delete set \(named)"
    case NFT_MSG_NEWSETELEM: return "add element \(named) { \(Self.elements(attributes, set)) }"
    case NFT_MSG_DELSETELEM: return "delete element \(named) { \(Self.elements(attributes, set)) }"
    default: return "nf_tables message of type \(type & 0xff)"
    }
  }

  private static func hook(_ attributes: Attributes) -> String {
    let hook = attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))
    let names = ["prerouting", "input", "forward", "output", "postrouting"]
    guard
      let number = hook.word(NFTA_HOOK_HOOKNUM.rawValue), Int(number) < names.count,
      let priority = hook.word(NFTA_HOOK_PRIORITY.rawValue)
    else { return "" }
    let type = attributes[Int(NFTA_CHAIN_TYPE.rawValue)]?.text ?? ""
    let policy = attributes.word(NFTA_CHAIN_POLICY.rawValue) == Chain.Policy.drop.rawValue ? "drop" : "accept"
    return " { type \(type) hook \(names[Int(number)]) priority \(Int32(bitPattern: priority)); policy \(policy); }"
  }

  private func rule(_ chain: String, _ attributes: Attributes) -> String {
    let verb = flags & UInt16(NLM_F_APPEND) == 0 ? "insert" : "add"
    let position = attributes[Int(NFTA_RULE_POSITION.rawValue)]?.integer(UInt64.self, at: 0)?.bigEndian
    let bytes = attributes[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? []
    let steps =
      Expression.decoded(bytes)?.map(\.words).joined(separator: " ") ?? "[ \(bytes.count) bytes as they were ]"
    let comment = attributes[Int(NFTA_RULE_USERDATA.rawValue)].flatMap { Comment(userData: $0) }
    return "\(verb) rule \(chain)\(position.map { " position \($0)" } ?? "") \(steps)"
      + (comment.map { " comment \"\($0.text)\"" } ?? "")
  }

  private static func newSet(_ name: String, _ attributes: Attributes) -> String {
    let flags = attributes.word(NFTA_SET_FLAGS.rawValue) ?? 0
    let data = attributes.word(NFTA_SET_DATA_TYPE.rawValue).map { " : \(DataType.words($0))" } ?? ""
    let isInterval = flags & NFT_SET_INTERVAL.rawValue != 0
    return
      "add \(data.isEmpty ? "set" : "map") \(name) { type \(DataType.words(attributes.word(NFTA_SET_KEY_TYPE.rawValue) ?? 0))\(data); "
      + "flags \(isInterval ? "interval" : "timeout"); }"
  }

  private static func elements(_ attributes: Attributes, _ set: (String) -> NamedSet?) -> String {
    let set = set(attributes[Int(NFTA_SET_ELEM_LIST_SET.rawValue)]?.text ?? "")
    let list = AttributeList(attributes[Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)] ?? [])
    return list.compactMap { StoredElement(Attributes($0.value), of: set?.name ?? "") }.map { stored in
      let (element, timeout) = (stored.element, stored.timeout)
      var words = DataType.words(element.id.key, set?.key ?? [])
      if element.endsInterval { words += " [end]" }
      if let timeout { words += " timeout \(timeout)ms" }
      if let comment = element.comment { words += " comment \"\(comment.text)\"" }
      return element.data.isEmpty ? words : "\(words) : \(DataType.words(element.data, set?.data ?? []))"
    }.joined(separator: ", ")
  }
}

extension DataType {
  /// The names of the parts of a type, which is a concatenation of six bits each.
  fileprivate static func words(_ type: UInt32) -> String {
    var (rest, names): (UInt32, [String]) = (type, [])
    while rest != 0 {
      names.insert(DataType(rawValue: rest & 0x3f)?.words ?? "\(rest & 0x3f)", at: 0)
      rest >>= 6
    }
    return names.joined(separator: " . ")
  }

  private var words: String {
    switch self {
    case .ipv4Address: "ipv4_addr"
    case .ipv6Address: "ipv6_addr"
    case .internetProtocol: "inet_proto"
    case .internetService: "inet_service"
    case .interfaceName: "ifname"
    }
  }

  /// A key or data of these types; its bytes if they are unknown.
  fileprivate static func words(_ bytes: [UInt8], _ types: [DataType]) -> String {
    var rest = bytes[...]
    var words: [String] = []
    for type in types {
      words.append(type.words(rest.prefix(type.length)))
      rest = rest.dropFirst((type.length + 3) & ~3)
    }
    if types.isEmpty || !rest.isEmpty { words.append(hexadecimal(rest)) }
    return words.joined(separator: " . ")
  }

  private func words(_ value: ArraySlice<UInt8>) -> String {
    switch self {
    case .ipv4Address, .ipv6Address: IPAddress(bytes: Array(value)).map { "\($0)" } ?? hexadecimal(value)
    case .interfaceName: "\"\(value.text)\""
    case .internetProtocol:
      TransportProtocol.allCases.first { [$0.number] == Array(value) }?.rawValue ?? "\(value.first ?? 0)"
    case .internetService: "\(value.integer(UInt16.self, at: 0)?.bigEndian ?? 0)"
    }
  }
}

/// Bytes as nft prints values of an unknown type.
func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
  "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
