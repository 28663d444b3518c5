// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

/// What elements say.
@Suite struct LayoutReadingTests {
  private static let cases = AddressFamily.allCases.flatMap { family in
    TransportProtocol.allCases.flatMap { transport in
      [nil, family == .ip ? "192.0.2.1" : "2001:db8::1"].map { (family, transport, $0) }
    }
  }

  @Test("the host port and the destination are read from an element", arguments: cases)
  func roundTrip(family: AddressFamily, transport: TransportProtocol, host: String?) throws {
    let forward = try Sample.forward(family, transport, on: host)
    let rules = OwnedRules(owner: Sample.owner, rules: [.forwardPort(forward)])
    let element = try #require(Layout(rules, .ports).elements.first)
    #expect(Layout.hostPort(element.id) == forward.hostPort)
    #expect(Layout.destination(element) == forward.destination)
    #expect(Layout.forward(element) == forward)
    #expect(Layout.title(element, .ports) == "the mapping of \(forward.hostPort)")
  }

  @Test("the highest and the lowest port are read as they were", arguments: [1, 255, 256, 65_535] as [UInt16])
  func ports(port: UInt16) {
    let host = HostPort(family: .ip, transport: .udp, port: port, address: nil)
    #expect(Layout.hostPort(Layout.place(host)) == host)
  }

  @Test(
    "elements of other sets, or with other keys, are for no host port",
    arguments: [
      ("attachments", 8), ("masquerade4_16", 8), ("hostports4", 7), ("hostports4", 12), ("hostip_hostports4", 8),
      ("hostip_hostports6", 12), ("hostports", 8), ("", 8),
    ])
  func otherPlaces(set: String, count: Int) {
    let place = Element.ID(set: set, key: [UInt8](repeating: 6, count: count))
    #expect(Layout.hostPort(place) == nil)
  }

  @Test("a transport that is none of ours, or data that is cut short, is nothing")
  func broken() {
    let place = Element.ID(set: "hostports4", key: [1, 0, 0, 0, 0, 80, 0, 0])
    #expect(Layout.hostPort(place) == nil)
    let cut = Element("hostports4", key: [6, 0, 0, 0, 0, 80, 0, 0], data: [10, 0, 0, 1, 0], comment: nil)
    #expect(Layout.destination(cut) == nil)
    #expect(Layout.forward(cut) == nil)
    #expect(Layout.forward(Layout.attachment(Sample.owner, .ports, owning: 1)) == nil)
  }

  @Test("elements that are no mappings have a title too")
  func titles() throws {
    let masquerade = Masquerade(hostPort: 8080, destination: try Sample.endpoint(.ip), source: .loopback4)
    #expect(Layout.title(Layout.attachment(Sample.owner, .ports, owning: 1), .ports) == "the record of the attachment")
    #expect(
      Layout.title(Element(Layout.place(masquerade), comment: nil), .ports) == "an element of set masquerade4_8")
    #expect(Layout.title(Element("conditions4_x", key: [], comment: nil), .ports) == "a port in set conditions4_x")
  }

  @Test("a mapping's companions are where its masquerading and its conditions may stand", arguments: cases)
  func companions(family: AddressFamily, transport: TransportProtocol, host: String?) throws {
    let forward = try Sample.forward(family, transport, on: host, if: try Sample.conditions(family))
    let sources = family == .ip ? ["10.22.0.0/16", "127.0.0.0/8"] : ["fd00::/64"]
    let masquerades = try sources.map {
      Masquerade(hostPort: 8080, destination: forward.destination, source: try Sample.prefix($0))
    }
    let rules = [.forwardPort(forward)] + masquerades.map { Rule.masquerade($0) }
    let layout = Layout(OwnedRules(owner: Sample.owner, rules: rules), .ports)
    let mapping = try #require(layout.elements.first { Layout.hostPort($0.id) == forward.hostPort })
    let chains = layout.branches.map(\.chain) + ["prerouting", "masquerade4_32", "masquerade6_128", "masquerade4_x"]
    let companions = Set(Layout.companions(mapping, chains: chains))
    let others = layout.elements.dropLast().map(\.id).filter { $0 != mapping.id }
    #expect(others.count == sources.count + 1)
    #expect(companions.isSuperset(of: others))
  }

  @Test("masquerading from everywhere is a companion as well")
  func companionsFromEverywhere() throws {
    let layout = Layout(OwnedRules(owner: Sample.owner, rules: [.forwardPort(try Sample.forward(.ip))]), .ports)
    let mapping = try #require(layout.elements.first)
    let all = Masquerade(hostPort: 8080, destination: try Sample.endpoint(.ip), source: .all(.ip))
    #expect(Layout.companions(mapping, chains: ["masquerade4_0"]) == [Layout.place(all)])
    #expect(Layout.companions(mapping, chains: ["masquerade6_0", "masquerade4_33"]).isEmpty)
    #expect(Layout.companions(Layout.attachment(Sample.owner, .ports, owning: 1), chains: ["masquerade4_0"]).isEmpty)
  }
}

// MARK: - What firewall's elements say

extension LayoutReadingTests {
  private static func elements(_ rules: Rule...) -> [Element] {
    Layout(OwnedRules(owner: Sample.owner, rules: rules), .firewall).elements
  }

  @Test("an accept is read from an element with its zone", arguments: AddressFamily.allCases, [nil, "trusted"])
  func accept(family: AddressFamily, zone: String?) throws {
    let accept = ForwardAccept(try Sample.endpoint(family).address, zone: zone)
    let element = try #require(Self.elements(.acceptForwarded(accept)).first)
    #expect(Layout.accept(element) == accept)
    #expect(Layout.title(element, .firewall) == "the accept of \(accept.address)")
    #expect(Layout.accept(Element(element.id, comment: nil)) == ForwardAccept(accept.address))
  }

  @Test("elements of other sets, or with other keys, are no accepts")
  func noAccepts() throws {
    let address = try Sample.address("10.22.0.5")
    let others = Self.elements(
      .dropInvalid(.address(address)), .restrict(Restriction(.address(address), try Sample.denied(.ip))),
      .isolate(Isolation(bridge: "cni0", .isolated)))
    #expect(others.count == 5)
    #expect(others.allSatisfy { Layout.accept($0) == nil && Layout.hostPort($0.id) == nil })
    #expect(Layout.accept(Element("containers4", key: [10, 22, 0], comment: nil)) == nil)
    #expect(Layout.accept(Element("hostports4", key: address.bytes, comment: nil)) == nil)
  }

  @Test("somebody else may want a host port or a container's address, and nothing else")
  func subjects() throws {
    let address = try Sample.address("fd00::5")
    let elements = Self.elements(
      .acceptForwarded(ForwardAccept(address)), .dropInvalid(.address(address)),
      .isolate(Isolation(bridge: "cni0", .sameBridge)))
    #expect(elements.map { Layout.subject($0) } == ["fd00::5", nil, nil, nil])
    let forward = OwnedRules(owner: Sample.owner, rules: [.forwardPort(try Sample.forward(.ip))])
    #expect(Layout(forward, .ports).elements.map { Layout.subject($0) } == ["IPv4 port 8080/tcp", nil])
  }

  @Test("a bridge port is read with what was switched on for it", arguments: [Isolation.Kind.sameBridge, .isolated])
  func port(kind: Isolation.Kind) throws {
    for name in ["veth0", "fifteen_bytes_x"] {
      let elements = Self.elements(.isolate(Isolation(bridge: "cni0", kind, port: name)), .dropInvalid(.veth(name)))
      #expect(
        elements.compactMap { Layout.port($0) } == [RecordedPort(name: name, isIsolated: kind == .isolated)])
      let element = try #require(elements.first { Layout.port($0) != nil })
      #expect(element.id == Layout.place(ofPort: name))
      #expect(Layout.title(element, .firewall) == "an element of set bridge_ports")
      #expect(Layout.subject(element) == nil && Layout.accept(element) == nil)
      #expect(Layout.port(Element(element.id, comment: nil)) == RecordedPort(name: name, isIsolated: false))
    }
  }

  @Test(
    "what an owner isolates is read from its members, whatever its other elements are about",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func isolation(kind: Isolation.Kind?) throws {
    for bridge in ["cni0", "a\"b"] {
      var rules: [Rule] = [
        .acceptForwarded(ForwardAccept(.loopback6)), .dropInvalid(.bridge("br-other")),
        .restrict(Restriction(.bridge("br-other"), try Sample.denied(.ip))),
      ]
      if let kind { rules.append(.isolate(Isolation(bridge: bridge, kind, port: "veth0"))) }
      for order in [rules, rules.reversed()] {
        let elements = Layout(OwnedRules(owner: Sample.owner, rules: order), .firewall).elements
        #expect(Layout.isolation(elements) == kind.map { Isolation(bridge: bridge, $0) })
      }
    }
    #expect(Layout.isolation([]) == nil)
  }

  @Test("elements that are no accepts have a title too")
  func firewallTitles() throws {
    let address = try Sample.address("10.22.0.5")
    let denied = try Sample.denied(.ip)
    let elements = Self.elements(
      .dropInvalid(.address(address)), .isolate(Isolation(bridge: "cni0", .sameBridge)),
      .restrict(Restriction(.address(address), denied)))
    #expect(
      elements.map { Layout.title($0, .firewall) } == [
        "an element of set tracked4", "an element of set bridges_cni0",
        "an element of set \(Branch.denied(denied).chain)", "the record of the attachment",
      ])
  }
}
