// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

extension NFTablesBackend: AddressOwningBackend {
  package func hasRules(of owner: Owner) throws(CNIError) -> Bool {
    try transaction("look for the rules of \(owner)") { (session) throws(NetlinkError) in
      .done(try session.stays(Layout.place(owner, self.part)))
    }
  }

  package func accepts(of owner: Owner, hint: [Rule]) throws(CNIError) -> [ForwardAccept] {
    let (own, free) = try elements(of: owner, hint)
    return own.compactMap { Layout.accept($0) } + hint.accepts.filter { free.contains(Layout.place($0)) }
  }

  package func accepts(
    ofNetwork network: String, sparing valid: Set<Attachment>
  ) throws(CNIError) -> [ForwardAccept] {
    let prefix = OwnerTag.prefix(ofNetwork: network)
    let spared = OwnerTag.all(valid, ofNetwork: network)
    return try transaction("look for the rules of network \(network)") { (session) throws(NetlinkError) in
      var found: [ForwardAccept] = []
      for family in AddressFamily.allCases {
        for stored in try session.elements(of: Part.containers(family).name) where stored.timeout == nil {
          guard
            let owner = stored.element.comment?.owner, owner.text.hasPrefix(prefix), !spared.contains(owner),
            let accept = Layout.accept(stored.element)
          else { continue }
          found.append(accept)
        }
      }
      return .done(found)
    }
  }
}
