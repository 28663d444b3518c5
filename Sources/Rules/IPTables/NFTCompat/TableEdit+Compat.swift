// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink

extension IPTable {
  /// The table of nf_tables that iptables-nft keeps it in.
  var nftables: Table { Table(family == .ip ? .ip : .ip6, name.rawValue) }
}

extension TableEdit {
  /// The changes as messages to nf_tables, preceded by the table and its built-in chains if they are missing.
  mutating func compatMessages() throws(CNIError) -> [NetlinkMessage] {
    let nftables = table.nftables
    var made: [String] = []
    // This changes nothing if the table is there.
    var list = [nftables.ensure()]
    for change in changes {
      switch change {
      case .makeChain(let chain): list.append(nftables.create(Chain(chain), exclusively: true))
      case .flush(let chain): list.append(nftables.flush(chain: chain))
      case .removeChain(let chain): list += [nftables.flush(chain: chain), nftables.delete(chain: chain)]
      case .insert(let rule, let chain, let place):
        if let base = Chain(base: chain, of: table.name), try !has(chain), !made.contains(chain) {
          list.append(nftables.create(base))
          made.append(chain)
        }
        list.append(
          nftables.add(
            NFTRule(chain, rule.expressions(table.family), at: place.position), for: rule.xtablesProtocol))
      case .restore(let rule, let chain, let place):
        let attributes = Attributes(rule.bytes[...])
        // Matches of x_tables check the rule's protocol, which the kernel does not send: it follows from the comparisons.
        list.append(
          nftables.add(
            encoded: attributes, to: chain, at: place.position, for: Expression.xtablesProtocol(of: attributes)))
      case .remove(let rule, let chain): list.append(nftables.delete(rule: rule.handle, from: chain))
      }
    }
    return list
  }
}

extension TableEdit.Place {
  fileprivate var position: NFTRule.Position {
    switch self {
    case .start: .head
    case .end: .tail
    case .after(let rule): .after(rule.handle)
    }
  }
}

extension IPTablesRule {
  fileprivate var xtablesProtocol: XTablesProtocol {
    transport.map { XTablesProtocol($0.value.number, isNegated: $0.isNegated) } ?? XTablesProtocol()
  }
}
