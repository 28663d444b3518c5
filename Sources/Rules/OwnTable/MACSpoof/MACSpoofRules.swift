// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import NFTables
import Rules

/// The rules that let a container send from one MAC address only, as upstream's bridge writes them:
///
/// ```
/// table bridge nat {
///   chain PREROUTING { type filter hook prerouting priority dstnat
///     iifname "veth1" jump cni-br-iface-ID-eth0 comment "macspoofchk-ID-eth0"
///   }
///   chain cni-br-iface-ID-eth0 {
///     jump cni-br-iface-ID-eth0-mac comment "macspoofchk-ID-eth0"
///   }
///   chain cni-br-iface-ID-eth0-mac {
///     ether saddr 02:00:00:00:00:01 return comment "macspoofchk-ID-eth0"
///     drop comment "macspoofchk-ID-eth0"
///   }
/// }
/// ```
struct MACSpoofRules {
  static let table = Table(.bridge, "nat")
  /// `NF_BR_PRE_ROUTING` and `NF_BR_PRI_NAT_DST_BRIDGED` of linux/netfilter_bridge.h
  static let entries = Chain("PREROUTING", hook: Chain.Hook(type: "filter", number: 0, priority: -300))

  /// The chain for all that a container's port brings in.
  let portChain: String
  /// The chain that knows the address.
  let addressChain: String
  private let comment: String

  private static let chainPrefix = "cni-br-iface-"

  init(of owner: AttachmentID) {
    let id = "\(owner.containerID)-\(owner.interface)"
    portChain = "\(Self.chainPrefix)\(id)"
    addressChain = "\(portChain)-mac"
    // Upstream fails where an ID leaves no room.
    comment = String(decoding: "macspoofchk-\(id)".utf8.prefix(Comment.limit), as: UTF8.self)
  }

  /// How much longer than the kernel's limit the names are, in bytes; such chains cannot exist.
  var excess: Int { max(0, addressChain.utf8.count - (Int(NFT_NAME_MAXLEN) - 1)) }

  func entry(_ port: String) -> NFTRule {
    let name = Array(port.utf8.prefix(15))
    let padding = [UInt8](repeating: 0, count: DataType.interfaceName.length - name.count)
    return rule(Self.entries.name, [.meta(NFT_META_IIFNAME), .compare(name + padding), .jump(portChain)])
  }

  /// The owners that a port's chain may be for: IDs and interfaces may contain the hyphen that stands between them.
  static func owners(ofChain name: String) -> [AttachmentID] {
    guard name.hasPrefix(chainPrefix) else { return [] }
    let id = name.dropFirst(chainPrefix.count)
    return id.indices.filter { id[$0] == "-" }.compactMap { place in
      let (containerID, interface) = (String(id[..<place]), String(id[id.index(after: place)...]))
      guard isIdentifier(containerID), isInterfaceName(interface) else { return nil }
      return AttachmentID(containerID: containerID, interface: interface)
    }
  }

  /// The port that a rule sends to its chain; nil if it is none of ``entry(_:)``'s.
  static func port(of rule: StoredRule) -> String? {
    guard let expressions = rule.expressions, expressions.count == 3, case .compare(let name, false) = expressions[1]
    else {
      return nil
    }
    return name[...].text
  }

  var portRules: [NFTRule] { [rule(portChain, [.jump(addressChain)])] }

  func addressRules(_ address: MACAddress) -> [NFTRule] {
    [
      rule(addressChain, [Self.loadAddress, .compare(address.bytes), .return]),
      rule(addressChain, [.drop]),
    ]
  }

  /// `ether saddr` (linux/if_ether.h, struct ethhdr)
  private static let loadAddress = Expression.payload(NFT_PAYLOAD_LL_HEADER, offset: 6, length: 6)

  private func rule(_ chain: String, _ expressions: [Expression]) -> NFTRule {
    NFTRule(chain, expressions, comment: comment)
  }

  /// The check that rules which were read make; nil if they make none.
  func check(of owner: AttachmentID, _ present: PresentMACSpoofRules) -> MACSpoofCheck? {
    guard
      present.entries.count == 1, let port = present.entries.first.flatMap(Self.port),
      let rules = present.rules(of: addressChain),
      let first = rules.first?.expressions, first.count == 3, case .compare(let bytes, false) = first[1],
      let address = MACAddress(bytes: bytes)
    else { return nil }
    let check = MACSpoofCheck(owner, port: port, address: address)
    return present.problems(with: check, self).isEmpty ? check : nil
  }
}
