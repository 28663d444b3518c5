// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension NFTablesBackend {
  /// The base chains of anybody that drop what is forwarded and no rule of theirs lets through, such as
  /// `chain forward of table inet filter`: no accept in another table overrules that. It takes a look at all chains.
  package static func chainsThatDropForwarded() -> [String] {
    let request = NetlinkMessage(nfTables: NFT_MSG_GETCHAIN, flags: NLM_F_DUMP, family: 0)
    // Whoever wants to know this has more important things to say if the kernel answers nothing.
    let replies = (try? NetfilterSocket.open().netlink.dump(request, "list the chains of all tables", .last)) ?? []
    return replies.compactMap { reply in
      let attributes = reply.attributes(after: 4)
      let hook = attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))
      func word(_ value: ArraySlice<UInt8>?) -> UInt32? { value?.integer(UInt32.self, at: 0)?.bigEndian }
      guard
        word(hook[Int(NFTA_HOOK_HOOKNUM.rawValue)]) == Chain.Hook.forward,
        word(attributes[Int(NFTA_CHAIN_POLICY.rawValue)]) == UInt32(NF_DROP),
        let family = reply.payload.first.flatMap({ Self.families[$0] }),
        let table = attributes[Int(NFTA_CHAIN_TABLE.rawValue)]?.text,
        let name = attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text
      else { return nil }
      return "chain \(name) of table \(family) \(table)"
    }
  }

  /// Those in which packets are forwarded, by `NFPROTO_…` (linux/netfilter.h).
  private static let families: [UInt8: String] = [1: "inet", 2: "ip", 10: "ip6"]
}
