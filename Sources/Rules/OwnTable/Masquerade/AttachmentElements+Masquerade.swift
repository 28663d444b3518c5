// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Rules

extension AttachmentElements {
  /// The addresses that an attachment is masqueraded with, as elements of the table.
  init(masquerading sources: [Prefix], of attachment: Attachment) {
    self.init(of: attachment, in: .masquerade) { elements in
      for source in sources {
        elements.add(Element.ID(masquerading: source))
        let (family, length) = (source.family, source.length)
        elements.need(OnDemandChain.ipmasqName(family, length)) { .ipmasq(family, length) }
      }
    }
  }
}

extension Element.ID {
  /// What masquerades packets from a container's address to outside of its subnet.
  init(masquerading source: Prefix) {
    self.init(
      set: OnDemandChain.ipmasqName(source.family, source.length),
      key: source.address.bytes + source.network.address.bytes)
  }
}

extension Element {
  /// The container's address that is masqueraded; nil for elements of other sets.
  var masqueraded: IPAddress? {
    guard let subnets = OnDemandChain.ipmasqSubnets(named: id.set) else { return nil }
    return IPAddress(bytes: Array(id.key.prefix(subnets.family.bits / 8)))
  }
}
