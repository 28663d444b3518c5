// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct SharedElementTests {
  private static let sets = Feature.firewall.sharedSets
  private static let names = ["cni0", "br-0123456789ab", "fifteen_bytes_x", "b.1", "br0:x", "böse0", "a\"b", "%d"]

  @Test("the key of a bridge is its name twice, each padded as in the kernel")
  func key() {
    for set in Self.sets {
      let shared = SharedElement(bridge: "cni0", in: set)
      let name = Array("cni0".utf8) + [UInt8](repeating: 0, count: 12)
      #expect(shared.element == Element(set.name, key: name + name, comment: nil))
    }
    let longest = SharedElement(bridge: "fifteen_bytes_x", in: Feature.bridges).element.id.key
    #expect(longest == Array("fifteen_bytes_x\0fifteen_bytes_x\0".utf8))
  }

  @Test("the set of members is named by the bridge, or by its hash if nft could not parse the name")
  func members() {
    #expect(SharedElement(bridge: "cni0", in: Feature.bridges).members.name == "bridges_cni0")
    #expect(SharedElement(bridge: "br-1.2_3", in: Feature.isolatedBridges).members.name == "isolated_bridges_br-1.2_3")
    for bridge in ["böse0", "a\"b", "%d", "a b"] {
      let name = SharedElement(bridge: bridge, in: Feature.bridges).members.name
      #expect(name == "bridges_\(sha512(bridge).prefix(15))")
    }
    let all = Self.sets.flatMap { set in Self.names.map { SharedElement(bridge: $0, in: set).members } }
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(all.allSatisfy { $0.key == [.interfaceName, .interfaceName] && !$0.isInterval && $0.data.isEmpty })
    // The length of a set's name before kernel 4.14.
    #expect(all.allSatisfy { $0.name.utf8.count <= 63 })
  }

  @Test("an element read from the kernel has the same set of members as when it was made", arguments: names)
  func reread(bridge: String) {
    for set in Self.sets {
      let made = SharedElement(bridge: bridge, in: set)
      let read = SharedElement(made.element, in: set)
      #expect(read.element == made.element)
      #expect(read.members.name == made.members.name)
    }
  }

  @Test("the element that a member is about is found by the member's set and comment", arguments: names)
  func place(bridge: String) throws {
    let layout = Sample.firewall(isolations: [Isolation(bridge: bridge, .isolated)])
    let members = layout.elements.dropLast()
    #expect(members.map(\.id.set) == layout.shared.map(\.members.name))
    #expect(members.map { SharedElement.id(sharedBy: $0, in: .firewall) } == layout.shared.map(\.element.id))
    for member in members {
      #expect(SharedElement.id(sharedBy: member, in: .ports) == nil)
      #expect(SharedElement.id(sharedBy: Element(member.id, comment: nil), in: .firewall) == nil)
    }
  }

  @Test("a bridge with denied destinations is a shared element of the list's own set", arguments: names)
  func deniedBridge(bridge: String) throws {
    let layout = Sample.firewall(
      restrictions: [Restriction(.bridge(bridge), try Sample.denied(.ip))], untracked: [.bridge(bridge)])
    let members = layout.elements.dropLast()
    let chain = OnDemandChain.denied(try Sample.denied(.ip)).name
    #expect(layout.shared.map(\.element.id.set) == ["\(chain)_bridges", "tracked_bridges"])
    #expect(members.map(\.id.set) == layout.shared.map(\.members.name))
    #expect(members.map { SharedElement.id(sharedBy: $0, in: .firewall) } == layout.shared.map(\.element.id))
  }

  @Test(
    "a set of members belongs to one of the shared sets, and other sets to none",
    arguments: [
      ("bridges_cni0", "bridges"), ("isolated_bridges_cni0", "isolated_bridges"), ("bridges", nil),
      ("tracked_bridges_cni0", "tracked_bridges"), ("tracked_bridges", nil), ("tracked_veths", nil),
      ("bridge_ports", nil), ("denied4_a_b_bridges_cni0", "denied4_a_b_bridges"), ("denied4_a_b_bridges", nil),
      ("denied6_a_b_veths", nil), ("isolated_bridges", nil), ("containers4", nil), ("xbridges_cni0", nil), ("", nil),
    ])
  func shared(set: String, expected: String?) {
    #expect(SharedElement.shared(byMembersOf: set, in: .firewall)?.name == expected)
    #expect(SharedElement.shared(byMembersOf: set, in: .ports) == nil)
  }
}
