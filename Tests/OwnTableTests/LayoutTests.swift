// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct LayoutTests {
  private static let address6: [UInt8] = [0xfd] + [UInt8](repeating: 0, count: 14) + [5]

  private static func layout(_ rules: Rule...) -> Layout {
    Layout(OwnedRules(owner: Sample.owner, rules: rules), .ports)
  }

  @Test(
    "a forwarded port stands in its family's map, under transport and port, and leads to address and port",
    arguments: [(.ip, "hostports4", [10, 22, 0, 5]), (.ip6, "hostports6", address6)]
      as [(AddressFamily, String, [UInt8])])
  func forward(family: AddressFamily, map: String, destination: [UInt8]) throws {
    let element = try #require(Self.layout(.forwardPort(try Sample.forward(family))).elements.first)
    #expect(element.id == Element.ID(set: map, key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0]))
    #expect(element.data == destination + [0, 80, 0, 0])
    #expect(element.comment?.text == "net/id/eth0")
  }

  @Test(
    "a port on one address stands in another map, that address first",
    arguments: [
      (.ip, "127.0.0.1", "hostip_hostports4", [127, 0, 0, 1]), (.ip6, "fd00::5", "hostip_hostports6", address6),
    ]
      as [(AddressFamily, String, String, [UInt8])])
  func forwardOnAddress(family: AddressFamily, host: String, map: String, address: [UInt8]) throws {
    let forward = try Sample.forward(family, .sctp, on: host)
    let element = try #require(Self.layout(.forwardPort(forward)).elements.first)
    #expect(element.id == Element.ID(set: map, key: address + [132, 0, 0, 0, 0x1f, 0x90, 0, 0]))
    #expect(element.data == forward.destination.address.bytes + [0, 80, 0, 0])
  }

  @Test(
    "a masqueraded source stands in the set for its length, with its branch",
    arguments: [
      (.ip, "10.22.0.5/16", "masquerade4_16", [10, 22, 0, 5], [10, 22, 0, 0]),
      (.ip, "0.0.0.0/0", "masquerade4_0", [10, 22, 0, 5], [0, 0, 0, 0]),
      (.ip6, "fd00::5/64", "masquerade6_64", address6, [0xfd] + [UInt8](repeating: 0, count: 15)),
    ] as [(AddressFamily, String, String, [UInt8], [UInt8])])
  func masquerade(family: AddressFamily, source: String, set: String, destination: [UInt8], key: [UInt8]) throws {
    let rule = Masquerade(
      hostPort: 8080, destination: try Sample.endpoint(family, .udp), source: try Sample.prefix(source))
    let layout = Self.layout(.masquerade(rule))
    let element = try #require(layout.elements.first)
    #expect(
      element.id == Element.ID(set: set, key: destination + [17, 0, 0, 0, 0, 80, 0, 0, 0x1f, 0x90, 0, 0] + key))
    #expect(element.data.isEmpty)
    #expect(layout.branches.map(\.chain) == [set])
  }

  @Test("without rules there is nothing, also no record of the attachment")
  func empty() {
    let layout = Self.layout()
    #expect(layout.elements.isEmpty)
    #expect(layout.branches.isEmpty)
  }

  @Test("the record of the attachment says how many other elements there are, and stands under a hash in two words")
  func attachment() throws {
    let rules: [Rule] = [
      .forwardPort(try Sample.forward(.ip)), .forwardPort(try Sample.forward(.ip6)),
      .masquerade(Masquerade(hostPort: 8080, destination: try Sample.endpoint(.ip), source: .loopback4)),
    ]
    let record = try #require(Layout(OwnedRules(owner: Sample.owner, rules: rules), .ports).elements.last)
    let hash = Array(sha512("net/id/eth0").utf8)
    #expect(record.id.set == "attachments")
    #expect(record.id.key == hash[..<15] + [0] + hash[15..<30] + [0])
    #expect(record.comment?.text == "net/id/eth0 3")
    #expect(Layout.count(record) == 3)
    #expect(record == Layout.attachment(Sample.owner, .ports, owning: 3))
  }

  @Test("attachments of other containers, networks and interfaces stand elsewhere")
  func attachmentPlaces() {
    let owners = [
      Sample.owner, CNI.Attachment(network: "net2", containerID: "id", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id2", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id", interface: "eth1"),
      CNI.Attachment(network: "net", containerID: "id", interface: "fifteen_bytes_x"),
    ]
    #expect(Set(owners.map { Layout.place($0, .ports) }).count == owners.count)
    #expect(owners.allSatisfy { Layout.place($0, .ports).key.count == 32 })
  }

  @Test("rules that are there twice make one element")
  func twice() throws {
    let forward = Rule.forwardPort(try Sample.forward(.ip, if: try Sample.conditions(.ip)))
    let masquerade = Rule.masquerade(
      Masquerade(hostPort: 8080, destination: try Sample.endpoint(.ip), source: .loopback4))
    let once = Self.layout(forward, masquerade)
    let twice = Self.layout(forward, masquerade, masquerade, forward)
    #expect(twice.elements == once.elements)
    #expect(twice.branches.map(\.chain) == once.branches.map(\.chain))
  }

  @Test("a port under conditions stands in their set as well, and says which they are", arguments: [nil, "192.0.2.1"])
  func conditions(host: String?) throws {
    let conditions = try Sample.conditions(.ip)
    let id = Branch.conditionsID(conditions)
    let layout = Self.layout(.forwardPort(try Sample.forward(.ip, on: host, if: conditions)))
    try #require(layout.elements.count == 3)
    let key: [UInt8] = (host == nil ? [] : [192, 0, 2, 1]) + [6, 0, 0, 0, 0x1f, 0x90, 0, 0]
    let set = "conditions4_\(id)" + (host == nil ? "" : "_hostip")
    #expect(layout.elements[0].id == Element.ID(set: set, key: key))
    #expect(layout.elements[0].data.isEmpty)
    #expect(layout.elements[1].id.key == key)
    #expect(layout.elements[1].comment?.text == "net/id/eth0 \(id)")
    #expect(Layout.count(layout.elements[2]) == 2)
    #expect(layout.branches.map(\.chain) == ["conditions4_\(id)"])
  }
}

// MARK: - What firewall wants

extension LayoutTests {
  private static func firewall(_ rules: Rule...) -> Layout {
    Layout(OwnedRules(owner: Sample.owner, rules: rules), .firewall)
  }

  @Test(
    "a container's address stands in its family's set, with the zone beside the owner",
    arguments: [
      ("10.22.0.5", nil, "containers4", "net/id/eth0"), ("10.22.0.5", "trusted", "containers4", "net/id/eth0 trusted"),
      ("fd00::5", "internal", "containers6", "net/id/eth0 internal"),
    ] as [(String, String?, String, String)])
  func accept(address: String, zone: String?, set: String, comment: String) throws {
    let accept = ForwardAccept(try Sample.address(address), zone: zone)
    let layout = Self.firewall(.acceptForwarded(accept))
    try #require(layout.elements.count == 2)
    #expect(layout.elements[0].id == Element.ID(set: set, key: accept.address.bytes))
    #expect(layout.elements[0].id == Layout.place(accept))
    #expect(layout.elements[0].comment?.text == comment)
    #expect(layout.elements[0].data.isEmpty)
    #expect(layout.elements[1] == Layout.attachment(Sample.owner, .firewall, owning: 1))
    #expect(layout.branches.isEmpty && layout.shared.isEmpty)
  }

  @Test("of a zone's name only as much is kept as firewalld allows, so that the longest comment fits")
  func longZone() throws {
    let owner = CNI.Attachment(
      network: String(repeating: "n", count: 300), containerID: String(repeating: "c", count: 300),
      interface: String(repeating: "i", count: 15))
    let address = try Sample.address("10.22.0.5")
    for zone in [String(repeating: "z", count: 17), String(repeating: "z", count: 300)] {
      let rules: [Rule] = [.acceptForwarded(ForwardAccept(address, zone: zone))]
      let comment = try #require(Layout(OwnedRules(owner: owner, rules: rules), .firewall).elements.first?.comment)
      #expect(comment.text.utf8.count <= Comment.limit)
      #expect(comment.owner == AttachmentTag(owner))
      #expect(comment.note.utf8.count == 17)
      #expect((comment.note == zone) == (zone.utf8.count == 17))
    }
  }

  @Test(
    "a bridge is wanted together with others, in one set or in both, by a member for each",
    arguments: [(.sameBridge, ["bridges"]), (.isolated, ["bridges", "isolated_bridges"])]
      as [(Isolation.Kind, [String])])
  func isolation(kind: Isolation.Kind, sets: [String]) throws {
    let layout = Self.firewall(.isolate(Isolation(bridge: "cni0", kind)))
    #expect(layout.shared.map(\.element.id.set) == sets)
    let members = layout.elements.dropLast()
    #expect(members.map(\.id.set) == sets.map { "\($0)_cni0" })
    #expect(members.allSatisfy { $0.id.key == Layout.place(Sample.owner, .firewall).key })
    #expect(members.allSatisfy { $0.comment?.text == "net/id/eth0 cni0" && $0.data.isEmpty })
    #expect(layout.elements.last.flatMap(Layout.count) == sets.count)
    #expect(layout.branches.isEmpty)
  }

  @Test("a restricted address stands in the set of its list, with its branch", arguments: AddressFamily.allCases)
  func restriction(family: AddressFamily) throws {
    let (address, denied) = (try Sample.endpoint(family).address, try Sample.denied(family))
    let layout = Self.firewall(.restrict(Restriction(.address(address), denied)))
    let name = Branch.denied(denied).chain
    #expect(layout.elements.first == Element(name, key: address.bytes, comment: Comment(AttachmentTag(Sample.owner))))
    #expect(layout.branches.map(\.chain) == [name])
    #expect(layout.elements.last == Layout.attachment(Sample.owner, .firewall, owning: 1))
  }

  @Test(
    "an address whose packets are to be of a connection stands in its family's set", arguments: AddressFamily.allCases)
  func dropInvalid(family: AddressFamily) throws {
    let address = try Sample.endpoint(family).address
    let layout = Self.firewall(.dropInvalid(.address(address)))
    let set = family == .ip ? "tracked4" : "tracked6"
    #expect(layout.elements.first == Element(set, key: address.bytes, comment: Comment(AttachmentTag(Sample.owner))))
    #expect(layout.elements.count == 2 && layout.branches.isEmpty)
  }

  @Test("a veth is restricted in the set of veths of each family's list, and tracked in one set for both")
  func veth() throws {
    let rules = try AddressFamily.allCases.map { Rule.restrict(Restriction(.veth("veth0"), try Sample.denied($0))) }
    let layout = Layout(OwnedRules(owner: Sample.owner, rules: rules + [.dropInvalid(.veth("veth0"))]), .firewall)
    let names = try AddressFamily.allCases.map { Branch.denied(try Sample.denied($0)).chain }
    let sets = names.map { "\($0)_veths" } + ["tracked_veths"]
    let key = Array("veth0".utf8) + [UInt8](repeating: 0, count: 11)
    #expect(
      layout.elements.dropLast()
        == sets.map { Element($0, key: key + key, comment: Comment(AttachmentTag(Sample.owner))) }[...])
    #expect(layout.branches.map(\.chain) == names)
    #expect(layout.shared.isEmpty)
  }

  @Test("a bridge is restricted and tracked together with others, by a member for each")
  func bridge() throws {
    let rules = try AddressFamily.allCases.map { Rule.restrict(Restriction(.bridge("cni0"), try Sample.denied($0))) }
    let layout = Layout(OwnedRules(owner: Sample.owner, rules: rules + [.dropInvalid(.bridge("cni0"))]), .firewall)
    let names = try AddressFamily.allCases.map { Branch.denied(try Sample.denied($0)).chain }
    let sets = names.map { "\($0)_bridges" } + ["tracked_bridges"]
    #expect(
      layout.shared.map(\.element) == sets.map { SharedElement(bridge: "cni0", in: Part.interfaceSet($0)).element })
    #expect(layout.elements.dropLast().map(\.id.set) == sets.map { "\($0)_cni0" })
    #expect(layout.elements.dropLast().allSatisfy { $0.comment?.text == "net/id/eth0 cni0" })
    #expect(layout.branches.map(\.chain) == names)
  }

  @Test(
    "the port of an isolated bridge is recorded under its name, and whether it is isolated itself",
    arguments: [(.sameBridge, "net/id/eth0"), (.isolated, "net/id/eth0 isolated")] as [(Isolation.Kind, String)])
  func bridgePort(kind: Isolation.Kind, comment: String) throws {
    let layout = Self.firewall(.isolate(Isolation(bridge: "cni0", kind, port: "veth0")))
    let element = try #require(layout.elements.dropLast().last)
    #expect(element.id == Layout.place(ofPort: "veth0"))
    #expect(element.id.set == "bridge_ports")
    #expect(element.comment?.text == comment)
    #expect(layout.elements.last.flatMap(Layout.count) == layout.elements.count - 1)
    let without = Self.firewall(.isolate(Isolation(bridge: "cni0", kind)))
    #expect(!without.elements.contains { $0.id.set == "bridge_ports" })
  }

  @Test("the bit of what is accepted is no element, but two branches", arguments: [0, 12, 31])
  func markAccepted(bit: Int) throws {
    #expect(Self.firewall(.markAccepted(bit: bit)).elements.isEmpty)
    let accept = Rule.acceptForwarded(ForwardAccept(try Sample.address("10.22.0.5")))
    let layout = Self.firewall(accept, .markAccepted(bit: bit), .markAccepted(bit: bit))
    #expect(layout.elements == Self.firewall(accept).elements)
    #expect(layout.branches.map(\.chain) == ["mark_\(bit)", "unmark_\(bit)"])
  }

  @Test("rules in legacy tables are said behind the number of elements, which is read as before")
  func legacy() throws {
    let accept = Rule.acceptForwarded(ForwardAccept(try Sample.address("10.22.0.5")))
    var rules = OwnedRules(owner: Sample.owner, rules: [accept])
    for (isUsed, text) in [(false, "net/id/eth0 1"), (true, "net/id/eth0 1 legacy")] {
      rules.usesLegacyTables = isUsed
      let record = try #require(Layout(rules, .firewall).elements.last)
      #expect(record.comment?.text == text)
      #expect(record == Layout.attachment(Sample.owner, .firewall, owning: 1, usesLegacyTables: isUsed))
      #expect(Layout.count(record) == 1)
      #expect(Layout.usesLegacyTables(record) == isUsed)
      // A former ADD may have written there, though this one does not.
      let inLegacy = Layout(rules, .firewall).inLegacyTables
      #expect(inLegacy.last?.comment?.text == "net/id/eth0 1 legacy")
      #expect(inLegacy.dropLast() == Layout(rules, .firewall).elements.dropLast())
      #expect(record.comment?.owner == AttachmentTag(Sample.owner))
    }
    let container = Element(Layout.place(ForwardAccept(.loopback6)), comment: Comment(AttachmentTag(Sample.owner)))
    #expect(!Layout.usesLegacyTables(container))
  }

  @Test("all at once, and twice, the record counts each once, in the set of the part")
  func allOfFirewall() throws {
    let addresses = [try Sample.address("10.22.0.5"), try Sample.address("fd00::5")]
    var rules: [Rule] = [
      .isolate(Isolation(bridge: "cni0", .isolated, port: "veth0")), .markAccepted(bit: 12),
      .dropInvalid(.veth("veth0")), .dropInvalid(.bridge("cni0")),
    ]
    for address in addresses {
      rules.append(.acceptForwarded(ForwardAccept(address)))
      rules.append(.restrict(Restriction(.address(address), try Sample.denied(address.family))))
      rules.append(.dropInvalid(.address(address)))
    }
    let layout = Layout(OwnedRules(owner: Sample.owner, rules: rules + rules), .firewall)
    #expect(layout.elements.last == Layout.attachment(Sample.owner, .firewall, owning: 11))
    #expect(layout.elements.last?.id.set == "firewall_attachments")
    #expect(layout.elements.count == 12)
    #expect(
      layout.branches.map(\.chain)
        == ["mark_12", "unmark_12"] + (try AddressFamily.allCases.map { Branch.denied(try Sample.denied($0)).chain }))
  }
}
