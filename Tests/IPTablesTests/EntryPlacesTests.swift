// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite("the order of entries for a port") struct EntryPlacesTests {
  private let tables = MemoryTransport()
  private var backend: IPTablesPorts {
    IPTablesPorts(IPTablesSettings(), transport: tables, places: [tables], note: { _ in })
  }

  /// An attachment by its container's ID and the interface.
  private struct Name: ExpressibleByStringLiteral {
    let owner: CNI.Attachment

    init(stringLiteral text: String) {
      let parts = text.split(separator: "/").map(String.init)
      owner = CNI.Attachment(network: "net-\(parts[1])", containerID: parts[0], interface: parts[1])
    }
  }

  private func wanted(_ name: Name, _ ports: [UInt16], on host: String? = nil) throws -> PortForwardingRequest {
    let address = try #require(IPAddress("10.22.0.5"))
    let forwards = ports.map { port in
      PortForward(
        port: port, on: host.flatMap { IPAddress($0) },
        to: Endpoint(address: address, transport: .tcp, port: 80), if: nil)
    }
    return PortForwardingRequest(name.owner, forwards)
  }

  private func add(_ name: Name, _ ports: UInt16..., on host: String? = nil) throws {
    _ = try backend.apply(wanted(name, ports, on: host), onConflict: .replace)
    #expect(try backend.verify(wanted(name, ports, on: host)).isEmpty)
    let commits = tables.commits
    _ = try backend.apply(wanted(name, ports, on: host), onConflict: .replace)
    #expect(tables.commits == commits, "a repeated ADD changes something")
  }

  private func delete(_ name: Name) throws { _ = try backend.remove(PortForwardingRequest(name.owner, []), ports: []) }

  /// The attachments that claim a port; the first of them has it.
  private func queue(_ port: UInt16) -> [String] {
    tables.rules(IPTable(.nat, .ip), "CNI-HOSTPORT-DNAT").compactMap { rule in
      guard let match = rule.firstMatch(of: #/net-(\w+)\\" id: \\"(\w+)\\".*--dports ([0-9,]+) /#) else { return nil }
      return match.3.split(separator: ",").contains("\(port)") ? "\(match.2)/\(match.1)" : nil
    }
  }

  @Test("an eth0 that is attached again waits behind the container's net1, which was there first then")
  func firstInterfaceAgain() throws {
    try add("a/eth0", 8080)
    try add("a/net1", 8080)
    #expect(queue(8080) == ["a/eth0", "a/net1"])
    try delete("a/eth0")
    try add("a/eth0", 8080)
    #expect(queue(8080) == ["a/net1", "a/eth0"])
    try delete("a/net1")
    #expect(queue(8080) == ["a/eth0"])
  }

  @Test("a second interface takes a port that another container has taken over from the first")
  func afterTakeover() throws {
    try add("a/eth0", 8080)
    try add("b/eth0", 8080)
    try add("a/net1", 8080)
    #expect(queue(8080) == ["a/net1", "b/eth0", "a/eth0"])
    try delete("b/eth0")
    #expect(queue(8080) == ["a/net1", "a/eth0"])
  }

  @Test("an attachment that waits behind its container's others comes before waiting attachments of other containers")
  func beforeOthers() throws {
    try add("b/eth0", 8080)
    try add("a/eth0", 8080)
    try add("a/net1", 8080)
    try add("a/net2", 8080)
    #expect(queue(8080) == ["a/eth0", "a/net1", "a/net2", "b/eth0"])
    try delete("a/eth0")
    #expect(queue(8080).first == "a/net1")
  }

  @Test("an attachment that is added again with one port more keeps its place for the others")
  func onePortMore() throws {
    try add("a/eth0", 8080)
    for name in ["a/net1", "a/net2"] as [Name] { try add(name, 8080) }
    try add("c/eth0", 8081)
    try add("a/net1", 8080, 8081)
    #expect(queue(8080) == ["a/eth0", "a/net1", "a/net2"])
    #expect(queue(8081) == ["a/net1", "c/eth0"])
  }

  @Test("each of several ports waits behind the container's attachment that has it, and the others are taken")
  func portsApart() throws {
    try add("a/eth0", 8080)
    try add("b/eth0", 8080, 8081, 8082)
    try add("a/net1", 8081)
    try add("a/eth0", 8080)
    try add("a/net2", 8080, 8081, 8082, 8083)
    #expect(queue(8080) == ["a/eth0", "a/net2", "b/eth0"])
    #expect(queue(8081) == ["a/net1", "a/net2", "b/eth0"])
    #expect(queue(8082) == ["a/net2", "b/eth0"])
    #expect(queue(8083) == ["a/net2"])
    try delete("a/net2")
    #expect(queue(8081) == ["a/net1", "b/eth0"])
  }

  @Test("a port on one address does not wait behind the same port on another")
  func otherAddress() throws {
    try add("a/eth0", 8080, on: "192.0.2.1")
    try add("b/eth0", 8080, on: "192.0.2.2")
    try add("a/net1", 8080, on: "192.0.2.2")
    #expect(queue(8080) == ["a/net1", "b/eth0", "a/eth0"])
    try delete("a/net1")
    try add("a/net1", 8080)
    #expect(queue(8080) == ["b/eth0", "a/eth0", "a/net1"])
  }
}
