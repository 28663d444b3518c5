// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct ElementKeyTests {
  private static func number(_ attributes: Attributes, _ type: nft_set_attributes) -> UInt32? {
    attributes[Int(type.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
  }

  @Test("the keys of our sets are as long as the elements that stand in them", arguments: AddressFamily.allCases)
  func lengths(family: AddressFamily) throws {
    let forward = try Sample.forward(
      family, if: try Sample.conditions(family), masquerading: [.all(family)])
    let local = try Sample.forward(family, on: family == .ip ? "192.0.2.1" : "2001:db8::1", if: forward.conditions)
    let address = forward.destination.address
    let firewall = Sample.firewall(
      accepts: [ForwardAccept(address)], isolations: [Isolation(bridge: "cni0", .isolated)],
      restrictions: [Restriction(.address(address), try Sample.denied(family))], untracked: [.address(address)])
    for (layout, count) in [(Sample.ports(forward, local), 6), (firewall, 8)] {
      let feature = layout.feature
      let sets = feature.sets + layout.onDemand.flatMap(\.sets) + layout.shared.map(\.members)
      let elements = layout.elements + layout.shared.map(\.element) + layout.onDemand.flatMap(\.fixtures)
      #expect(Set(elements.map(\.id.set)).count == count + layout.onDemand.filter { !$0.fixtures.isEmpty }.count)
      for element in elements {
        let set = try #require(sets.first { $0.name == element.id.set })
        let attributes = try Table.own.create(set).received().nfAttributes
        #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == UInt32(element.id.key.count))
        #expect(Self.number(attributes, NFTA_SET_DATA_LEN) ?? 0 == UInt32(element.data.count))
      }
    }
  }
}
