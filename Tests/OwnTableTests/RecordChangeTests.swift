// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

/// The consequences of elements that are removed from the record for rules that follow it.
@Suite struct RecordChangeTests {
  private static let bridges = [Feature.bridges, Feature.isolatedBridges]

  private static func change() -> RecordChange { RecordChange(kind: .add, owner: Sample.owner) }

  private static func shared(_ bridge: String, _ set: NamedSet) -> Element {
    SharedElement(bridge: bridge, in: set).element
  }

  @Test("a new change is empty")
  func empty() {
    for kind in [RecordChange.Kind.add, .undo, .remove] {
      let change = RecordChange(kind: kind, owner: Sample.owner)
      #expect(change.kind == kind && change.owner == Sample.owner)
      #expect(change.claimed.isEmpty && change.released.isEmpty && change.freed.isEmpty && change.isolation == nil)
      #expect(!change.wasRecorded && !change.usesLegacyTables)
    }
  }

  @Test("only removed accepts release addresses")
  func released() throws {
    let addresses = [try Sample.address("10.22.0.5"), try Sample.address("fd00::5")]
    let elements = Sample.firewall(
      accepts: addresses.map { ForwardAccept($0, zone: "trusted") },
      isolations: [Isolation(bridge: "cni0", .isolated, port: "veth0")],
      restrictions: [Restriction(.address(try Sample.address("10.22.0.6")), try Sample.denied(.ip))],
      untracked: addresses.map { .address($0) }
    ).elements
    var change = Self.change()
    change.release(elements, orphans: [])
    #expect(change.released == addresses)
    // The bridge's element stays as long as it has other members.
    #expect(change.freed.isEmpty)
  }

  @Test("the last isolated container frees a bridge of `isolated` alone, and the last container of all isolation")
  func freed() {
    var change = Self.change()
    change.release([], orphans: [Self.shared("cni0", Feature.isolatedBridges)])
    #expect(change.freed == [Isolation(bridge: "cni0", .isolated)])
    for sets in [Self.bridges, Self.bridges.reversed()] {
      var whole = Self.change()
      whole.release([], orphans: sets.map { Self.shared("cni0", $0) } + [Self.shared("cni1", Feature.bridges)])
      #expect(Set(whole.freed) == [Isolation(bridge: "cni0", .sameBridge), Isolation(bridge: "cni1", .sameBridge)])
      #expect(whole.freed.count == 2)
    }
  }

  @Test("removed tracked and restricted bridges free no bridge")
  func otherShares() throws {
    let denied = OnDemandChain.deniedBridges(OnDemandChain.denied(try Sample.denied(.ip)).name)
    var change = Self.change()
    change.release([], orphans: [Self.shared("cni0", Feature.trackedBridges), Self.shared("cni0", denied)])
    #expect(change.freed.isEmpty)
  }
}
