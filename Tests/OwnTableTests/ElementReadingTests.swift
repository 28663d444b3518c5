// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

/// Reading elements from the kernel.
@Suite struct ElementReadingTests {
  private static let cases = AddressFamily.allCases.flatMap { family in
    TransportProtocol.allCases.flatMap { transport in
      [nil, family == .ip ? "192.0.2.1" : "2001:db8::1"].map { (family, transport, $0) }
    }
  }

  @Test("the host port and the destination are read from an element", arguments: cases)
  func roundTrip(family: AddressFamily, transport: TransportProtocol, host: String?) throws {
    let forward = try Sample.forward(family, transport, on: host)
    let element = try #require(Sample.ports(forward).elements.first)
    #expect(element.id.hostPort == forward.hostPort)
    #expect(element.destination == forward.destination)
    #expect(element.forward == forward)
    #expect(element.title(in: .ports) == "the mapping of \(forward.hostPort)")
  }

  @Test("the highest and the lowest port are read as they were", arguments: [1, 255, 256, 65_535] as [UInt16])
  func ports(port: UInt16) {
    let host = HostPort(family: .ip, transport: .udp, port: port, address: nil)
    #expect(Element.ID(host).hostPort == host)
  }

  @Test(
    "elements of other sets, or with other keys, have no host port",
    arguments: [
      ("attachments", 8), ("masquerade4_16", 8), ("hostports4", 7), ("hostports4", 12), ("hostip_hostports4", 8),
      ("hostip_hostports6", 12), ("hostports", 8), ("", 8),
    ])
  func otherPlaces(set: String, count: Int) {
    let place = Element.ID(set: set, key: [UInt8](repeating: 6, count: count))
    #expect(place.hostPort == nil)
  }

  @Test("an unknown protocol, or truncated data, is not decoded")
  func broken() {
    let place = Element.ID(set: "hostports4", key: [1, 0, 0, 0, 0, 80, 0, 0])
    #expect(place.hostPort == nil)
    let cut = Element("hostports4", key: [6, 0, 0, 0, 0, 80, 0, 0], data: [10, 0, 0, 1, 0], comment: nil)
    #expect(cut.destination == nil)
    #expect(cut.forward == nil)
    #expect(Sample.record(.ports, owning: 1).forward == nil)
  }

  @Test("elements that are no mappings have a title too")
  func titles() throws {
    let masquerade = Element.ID(masquerading: .loopback4, from: 8080, to: try Sample.endpoint(.ip))
    #expect(Sample.record(.ports, owning: 1).title(in: .ports) == "the record of the attachment")
    #expect(
      Element(masquerade, comment: nil).title(in: .ports) == "an element of set masquerade4_8")
    #expect(Element("conditions4_x", key: [], comment: nil).title(in: .ports) == "a port in set conditions4_x")
  }

  @Test("a mapping's companions are the possible elements for its masquerading and its conditions", arguments: cases)
  func companions(family: AddressFamily, transport: TransportProtocol, host: String?) throws {
    let sources = family == .ip ? ["10.22.0.0/16", "127.0.0.0/8"] : ["fd00::/64"]
    let forward = try Sample.forward(
      family, transport, on: host, if: try Sample.conditions(family),
      masquerading: try sources.map { try Sample.prefix($0) })
    let layout = Sample.ports(forward)
    let mapping = try #require(layout.elements.first { $0.id.hostPort == forward.hostPort })
    let chains = layout.onDemand.map(\.name) + ["prerouting", "masquerade4_32", "masquerade6_128", "masquerade4_x"]
    let companions = Set(mapping.companions(among: chains))
    let others = layout.elements.dropLast().map(\.id).filter { $0 != mapping.id }
    #expect(others.count == sources.count + 1)
    #expect(companions.isSuperset(of: others))
  }

  @Test("masquerading from everywhere is a companion as well")
  func companionsFromEverywhere() throws {
    let layout = Sample.ports(try Sample.forward(.ip))
    let mapping = try #require(layout.elements.first)
    let all = Element.ID(masquerading: .all(.ip), from: 8080, to: try Sample.endpoint(.ip))
    #expect(mapping.companions(among: ["masquerade4_0"]) == [all])
    #expect(mapping.companions(among: ["masquerade6_0", "masquerade4_33"]).isEmpty)
    #expect(Sample.record(.ports, owning: 1).companions(among: ["masquerade4_0"]).isEmpty)
  }
}

// MARK: - Elements of firewall

extension ElementReadingTests {
  @Test("an accept is read from an element with its zone", arguments: AddressFamily.allCases, [nil, "trusted"])
  func accept(family: AddressFamily, zone: String?) throws {
    let accept = ForwardAccept(try Sample.endpoint(family).address, zone: zone)
    let element = try #require(Sample.firewall(accepts: [accept]).elements.first)
    #expect(element.accept == accept)
    #expect(element.title(in: .firewall) == "the accept of \(accept.address)")
    #expect(Element(element.id, comment: nil).accept == ForwardAccept(accept.address))
  }

  @Test("elements of other sets, or with other keys, are no accepts")
  func noAccepts() throws {
    let address = try Sample.address("10.22.0.5")
    let others = Sample.firewall(
      isolations: [Isolation(bridge: "cni0", .isolated)],
      restrictions: [Restriction(.address(address), try Sample.denied(.ip))], untracked: [.address(address)]
    ).elements
    #expect(others.count == 5)
    #expect(others.allSatisfy { $0.accept == nil && $0.id.hostPort == nil })
    #expect(Element("containers4", key: [10, 22, 0], comment: nil).accept == nil)
    #expect(Element("hostports4", key: address.bytes, comment: nil).accept == nil)
  }

  @Test("another attachment can claim only a host port or a container's address")
  func subjects() throws {
    let address = try Sample.address("fd00::5")
    let elements = Sample.firewall(
      accepts: [ForwardAccept(address)], isolations: [Isolation(bridge: "cni0", .sameBridge)],
      untracked: [.address(address)]
    ).elements
    #expect(elements.map { $0.subject } == ["fd00::5", nil, nil, nil])
    #expect(Sample.ports(try Sample.forward(.ip)).elements.map { $0.subject } == ["IPv4 port 8080/tcp", nil])
  }

  @Test(
    "a bridge port is read with whether its own isolation was switched on",
    arguments: [Isolation.Kind.sameBridge, .isolated])
  func port(kind: Isolation.Kind) throws {
    for name in ["veth0", "fifteen_bytes_x"] {
      let elements = Sample.firewall(
        isolations: [Isolation(bridge: "cni0", kind, port: name)], untracked: [.veth(name)]
      ).elements
      #expect(
        elements.compactMap { $0.recordedPort } == [RecordedPort(name: name, isIsolated: kind == .isolated)])
      let element = try #require(elements.first { $0.recordedPort != nil })
      #expect(element.id == Element.ID(bridgePort: name))
      #expect(element.title(in: .firewall) == "an element of set bridge_ports")
      #expect(element.subject == nil && element.accept == nil)
      #expect(Element(element.id, comment: nil).recordedPort == RecordedPort(name: name, isIsolated: false))
    }
  }

  @Test(
    "an owner's isolation is read from its member elements, whatever its other elements are",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func isolation(kind: Isolation.Kind?) throws {
    for bridge in ["cni0", "a\"b"] {
      let elements = Sample.firewall(
        accepts: [ForwardAccept(.loopback6)],
        isolations: kind.map { [Isolation(bridge: bridge, $0, port: "veth0")] } ?? [],
        restrictions: [Restriction(.bridge("br-other"), try Sample.denied(.ip))], untracked: [.bridge("br-other")]
      ).elements
      for order in [elements, elements.reversed()] {
        #expect(order.isolation == kind.map { Isolation(bridge: bridge, $0) })
      }
    }
    #expect([Element]().isolation == nil)
  }

  @Test("elements that are no accepts have a title too")
  func firewallTitles() throws {
    let address = try Sample.address("10.22.0.5")
    let denied = try Sample.denied(.ip)
    let elements = Sample.firewall(
      isolations: [Isolation(bridge: "cni0", .sameBridge)], restrictions: [Restriction(.address(address), denied)],
      untracked: [.address(address)]
    ).elements
    #expect(
      elements.map { $0.title(in: .firewall) } == [
        "an element of set bridges_cni0", "an element of set \(OnDemandChain.denied(denied).name)",
        "an element of set tracked4", "the record of the attachment",
      ])
  }
}
