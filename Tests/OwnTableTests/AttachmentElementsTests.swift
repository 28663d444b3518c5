// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct AttachmentElementsTests {
  private static let address6: [UInt8] = [0xfd] + [UInt8](repeating: 0, count: 14) + [5]

  @Test(
    "a forwarded port is in its family's map, with protocol and port as the key, and address and port as the value",
    arguments: [(.ip, "hostports4", [10, 22, 0, 5]), (.ip6, "hostports6", address6)]
      as [(AddressFamily, String, [UInt8])])
  func forward(family: AddressFamily, map: String, destination: [UInt8]) throws {
    let element = try #require(Sample.ports(try Sample.forward(family)).elements.first)
    #expect(element.id == Element.ID(set: map, key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0]))
    #expect(element.data == destination + [0, 80, 0, 0])
    #expect(element.comment?.text == "net/id/eth0")
  }

  @Test(
    "a port on one address is in another map, whose key begins with the address",
    arguments: [
      (.ip, "127.0.0.1", "hostip_hostports4", [127, 0, 0, 1]), (.ip6, "fd00::5", "hostip_hostports6", address6),
    ]
      as [(AddressFamily, String, String, [UInt8])])
  func forwardOnAddress(family: AddressFamily, host: String, map: String, address: [UInt8]) throws {
    let forward = try Sample.forward(family, .sctp, on: host)
    let element = try #require(Sample.ports(forward).elements.first)
    #expect(element.id == Element.ID(set: map, key: address + [132, 0, 0, 0, 0x1f, 0x90, 0, 0]))
    #expect(element.data == forward.destination.address.bytes + [0, 80, 0, 0])
  }

  @Test(
    "a masqueraded source is in the set for its prefix length, with its chain on demand",
    arguments: [
      (.ip, "10.22.0.5/16", "masquerade4_16", [10, 22, 0, 5], [10, 22, 0, 0]),
      (.ip, "0.0.0.0/0", "masquerade4_0", [10, 22, 0, 5], [0, 0, 0, 0]),
      (.ip6, "fd00::5/64", "masquerade6_64", address6, [0xfd] + [UInt8](repeating: 0, count: 15)),
    ] as [(AddressFamily, String, String, [UInt8], [UInt8])])
  func masquerade(family: AddressFamily, source: String, set: String, destination: [UInt8], key: [UInt8]) throws {
    let layout = Sample.ports(
      try Sample.forward(family, .udp, masquerading: [try Sample.prefix(source)]))
    try #require(layout.elements.count == 3)
    let element = layout.elements[1]
    #expect(
      element.id == Element.ID(set: set, key: destination + [17, 0, 0, 0, 0, 80, 0, 0, 0x1f, 0x90, 0, 0] + key))
    #expect(element.data.isEmpty)
    #expect(layout.onDemand.map(\.name) == [set])
  }

  @Test("without rules there are no elements, not even the record")
  func empty() {
    let layout = Sample.ports()
    #expect(layout.elements.isEmpty)
    #expect(layout.onDemand.isEmpty)
  }

  @Test("the record states the number of other elements, and its key is a hash in two parts")
  func attachment() throws {
    let elements = Sample.ports(
      try Sample.forward(.ip, masquerading: [.loopback4]), try Sample.forward(.ip6))
    let record = try #require(elements.elements.last)
    let hash = Array(sha512("net/id/eth0").utf8)
    #expect(record.id.set == "attachments")
    #expect(record.id.key == hash[..<15] + [0] + hash[15..<30] + [0])
    #expect(record.comment?.text == "net/id/eth0 3")
    #expect(record.recordedCount == 3)
    #expect(record == Sample.record(.ports, owning: 3))
  }

  @Test("attachments of other containers, networks and interfaces have other keys")
  func attachmentPlaces() {
    let owners = [
      Sample.owner, CNI.Attachment(network: "net2", containerID: "id", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id2", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id", interface: "eth1"),
      CNI.Attachment(network: "net", containerID: "id", interface: "fifteen_bytes_x"),
    ]
    #expect(Set(owners.map { Element.ID(of: $0, in: .ports) }).count == owners.count)
    #expect(owners.allSatisfy { Element.ID(of: $0, in: .ports).key.count == 32 })
  }

  @Test("equal rules make one element")
  func twice() throws {
    let forward = try Sample.forward(.ip, if: try Sample.conditions(.ip), masquerading: [.loopback4])
    let once = Sample.ports(forward)
    let twice = Sample.ports(
      forward, try Sample.forward(.ip, if: try Sample.conditions(.ip), masquerading: [.loopback4, .loopback4]))
    #expect(twice.elements == once.elements)
    #expect(twice.onDemand.map(\.name) == once.onDemand.map(\.name))
  }

  @Test("a port with conditions is in their set too, and its comment has their ID", arguments: [nil, "192.0.2.1"])
  func conditions(host: String?) throws {
    let conditions = try Sample.conditions(.ip)
    let id = OnDemandChain.conditionsID(conditions)
    let layout = Sample.ports(try Sample.forward(.ip, on: host, if: conditions))
    try #require(layout.elements.count == 3)
    let key: [UInt8] = (host == nil ? [] : [192, 0, 2, 1]) + [6, 0, 0, 0, 0x1f, 0x90, 0, 0]
    let set = "conditions4_\(id)" + (host == nil ? "" : "_hostip")
    #expect(layout.elements[0].id == Element.ID(set: set, key: key))
    #expect(layout.elements[0].data.isEmpty)
    #expect(layout.elements[1].id.key == key)
    #expect(layout.elements[1].comment?.text == "net/id/eth0 \(id)")
    #expect(layout.elements[2].recordedCount == 2)
    #expect(layout.onDemand.map(\.name) == ["conditions4_\(id)"])
  }
}

// MARK: - Elements of firewall

extension AttachmentElementsTests {
  @Test(
    "a container's address is in its family's set, with the zone in the comment",
    arguments: [
      ("10.22.0.5", nil, "containers4", "net/id/eth0"), ("10.22.0.5", "trusted", "containers4", "net/id/eth0 trusted"),
      ("fd00::5", "internal", "containers6", "net/id/eth0 internal"),
    ] as [(String, String?, String, String)])
  func accept(address: String, zone: String?, set: String, comment: String) throws {
    let accept = ForwardAccept(try Sample.address(address), zone: zone)
    let layout = Sample.firewall(accepts: [accept])
    try #require(layout.elements.count == 2)
    #expect(layout.elements[0].id == Element.ID(set: set, key: accept.address.bytes))
    #expect(layout.elements[0].id == Element.ID(accept))
    #expect(layout.elements[0].comment?.text == comment)
    #expect(layout.elements[0].data.isEmpty)
    #expect(layout.elements[1] == Sample.record(.firewall, owning: 1))
    #expect(layout.onDemand.isEmpty && layout.shared.isEmpty)
  }

  @Test("a zone's name is shortened to firewalld's limit, so that the longest comment fits")
  func longZone() throws {
    let owner = CNI.Attachment(
      network: String(repeating: "n", count: 300), containerID: String(repeating: "c", count: 300),
      interface: String(repeating: "i", count: 15))
    let address = try Sample.address("10.22.0.5")
    for zone in [String(repeating: "z", count: 17), String(repeating: "z", count: 300)] {
      let elements = Sample.firewall(of: owner, accepts: [ForwardAccept(address, zone: zone)])
      let comment = try #require(elements.elements.first?.comment)
      #expect(comment.text.utf8.count <= Comment.limit)
      #expect(comment.owner == AttachmentTag(owner))
      #expect(comment.note.utf8.count == 17)
      #expect((comment.note == zone) == (zone.utf8.count == 17))
    }
  }

  @Test(
    "an isolated bridge is a shared element in one set or in both, with a member for each attachment",
    arguments: [(.sameBridge, ["bridges"]), (.isolated, ["bridges", "isolated_bridges"])]
      as [(Isolation.Kind, [String])])
  func isolation(kind: Isolation.Kind, sets: [String]) throws {
    let layout = Sample.firewall(isolations: [Isolation(bridge: "cni0", kind)])
    #expect(layout.shared.map(\.element.id.set) == sets)
    let members = layout.elements.dropLast()
    #expect(members.map(\.id.set) == sets.map { "\($0)_cni0" })
    #expect(members.allSatisfy { $0.id.key == Element.ID(of: Sample.owner, in: .firewall).key })
    #expect(members.allSatisfy { $0.comment?.text == "net/id/eth0 cni0" && $0.data.isEmpty })
    #expect(layout.elements.last?.recordedCount == sets.count)
    #expect(layout.onDemand.isEmpty)
  }

  @Test("a restricted address is in the set of its list, with its chain on demand", arguments: AddressFamily.allCases)
  func restriction(family: AddressFamily) throws {
    let (address, denied) = (try Sample.endpoint(family).address, try Sample.denied(family))
    let layout = Sample.firewall(restrictions: [Restriction(.address(address), denied)])
    let name = OnDemandChain.denied(denied).name
    #expect(layout.elements.first == Element(name, key: address.bytes, comment: Comment(AttachmentTag(Sample.owner))))
    #expect(layout.onDemand.map(\.name) == [name])
    #expect(layout.elements.last == Sample.record(.firewall, owning: 1))
  }

  @Test(
    "a tracked address is in its family's set", arguments: AddressFamily.allCases)
  func dropInvalid(family: AddressFamily) throws {
    let address = try Sample.endpoint(family).address
    let layout = Sample.firewall(untracked: [.address(address)])
    let set = family == .ip ? "tracked4" : "tracked6"
    #expect(layout.elements.first == Element(set, key: address.bytes, comment: Comment(AttachmentTag(Sample.owner))))
    #expect(layout.elements.count == 2 && layout.onDemand.isEmpty)
  }

  @Test("a veth is restricted in the set of veths of each family's list, and tracked in one set for both")
  func veth() throws {
    let layout = Sample.firewall(
      restrictions: try AddressFamily.allCases.map { Restriction(.veth("veth0"), try Sample.denied($0)) },
      untracked: [.veth("veth0")])
    let names = try AddressFamily.allCases.map { OnDemandChain.denied(try Sample.denied($0)).name }
    let sets = names.map { "\($0)_veths" } + ["tracked_veths"]
    let key = Array("veth0".utf8) + [UInt8](repeating: 0, count: 11)
    #expect(
      layout.elements.dropLast()
        == sets.map { Element($0, key: key + key, comment: Comment(AttachmentTag(Sample.owner))) }[...])
    #expect(layout.onDemand.map(\.name) == names)
    #expect(layout.shared.isEmpty)
  }

  @Test("restricted and tracked bridges are shared elements, with a member for each attachment")
  func bridge() throws {
    let layout = Sample.firewall(
      restrictions: try AddressFamily.allCases.map { Restriction(.bridge("cni0"), try Sample.denied($0)) },
      untracked: [.bridge("cni0")])
    let names = try AddressFamily.allCases.map { OnDemandChain.denied(try Sample.denied($0)).name }
    let sets = names.map { "\($0)_bridges" } + ["tracked_bridges"]
    #expect(
      layout.shared.map(\.element) == sets.map { SharedElement(bridge: "cni0", in: Feature.interfaceSet($0)).element })
    #expect(layout.elements.dropLast().map(\.id.set) == sets.map { "\($0)_cni0" })
    #expect(layout.elements.dropLast().allSatisfy { $0.comment?.text == "net/id/eth0 cni0" })
    #expect(layout.onDemand.map(\.name) == names)
  }

  @Test(
    "the port of an isolated bridge is recorded by its name, with whether the port itself is isolated",
    arguments: [(.sameBridge, "net/id/eth0"), (.isolated, "net/id/eth0 isolated")] as [(Isolation.Kind, String)])
  func bridgePort(kind: Isolation.Kind, comment: String) throws {
    let layout = Sample.firewall(isolations: [Isolation(bridge: "cni0", kind, port: "veth0")])
    let element = try #require(layout.elements.dropLast().last)
    #expect(element.id == Element.ID(bridgePort: "veth0"))
    #expect(element.id.set == "bridge_ports")
    #expect(element.comment?.text == comment)
    #expect(layout.elements.last?.recordedCount == layout.elements.count - 1)
    let without = Sample.firewall(isolations: [Isolation(bridge: "cni0", kind)])
    #expect(!without.elements.contains { $0.id.set == "bridge_ports" })
  }

  @Test("the fwmark bit is no element, but two chains on demand", arguments: [0, 12, 31])
  func markAccepted(bit: Int) throws {
    #expect(Sample.firewall(bit: bit).elements.isEmpty)
    let accept = ForwardAccept(try Sample.address("10.22.0.5"))
    let layout = Sample.firewall(accepts: [accept], bit: bit)
    #expect(layout.elements == Sample.firewall(accepts: [accept]).elements)
    #expect(layout.onDemand.map(\.name) == ["mark_\(bit)", "unmark_\(bit)"])
  }

  @Test("the record notes rules in legacy tables after the number of elements")
  func legacy() throws {
    let accept = ForwardAccept(try Sample.address("10.22.0.5"))
    for (isUsed, text) in [(false, "net/id/eth0 1"), (true, "net/id/eth0 1 legacy")] {
      let wanted = Sample.firewall(accepts: [accept], isLegacy: isUsed)
      let record = try #require(wanted.elements.last)
      #expect(record.comment?.text == text)
      #expect(record == Sample.record(.firewall, owning: 1, isLegacy: isUsed))
      #expect(record.recordedCount == 1)
      #expect(record.usesLegacyTables == isUsed)
      // A former ADD may have written to legacy tables, although this one does not.
      let inLegacy = wanted.inLegacyTables
      #expect(inLegacy.last?.comment?.text == "net/id/eth0 1 legacy")
      #expect(inLegacy.dropLast() == wanted.elements.dropLast())
      #expect(record.comment?.owner == AttachmentTag(Sample.owner))
    }
    let container = Element(Element.ID(ForwardAccept(.loopback6)), comment: Comment(AttachmentTag(Sample.owner)))
    #expect(!container.usesLegacyTables)
  }

  @Test("the record counts equal elements once, and is in the set of the feature")
  func allOfFirewall() throws {
    let addresses = [try Sample.address("10.22.0.5"), try Sample.address("fd00::5")]
    var request = Sample.filter(
      accepts: addresses.map { ForwardAccept($0) }, isolations: [Isolation(bridge: "cni0", .isolated, port: "veth0")],
      restrictions: try addresses.map { Restriction(.address($0), try Sample.denied($0.family)) },
      untracked: [.veth("veth0"), .bridge("cni0")] + addresses.map { .address($0) }, bit: 12)
    let again = request
    request.add(again)
    let layout = AttachmentElements(request)
    #expect(layout.elements.last == Sample.record(.firewall, owning: 11))
    #expect(layout.elements.last?.id.set == "firewall_attachments")
    #expect(layout.elements.count == 12)
    #expect(
      layout.onDemand.map(\.name)
        == (try AddressFamily.allCases.map { OnDemandChain.denied(try Sample.denied($0)).name }) + [
          "mark_12", "unmark_12",
        ])
  }
}
