// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite("where ports of iptables lead") struct PortDestinationsTests {
  private let tables = MemoryTransport()
  private var backend: IPTablesPorts {
    IPTablesPorts(IPTablesSettings(), transport: tables, places: [tables], note: { _ in })
  }

  private func add(
    _ container: String, _ ports: [UInt16], to address: String, _ transport: TransportProtocol = .tcp,
    on host: String? = nil
  ) throws {
    let address = try #require(IPAddress(address))
    let forwards = ports.map { port in
      PortForward(
        port: port, on: host.flatMap { IPAddress($0) },
        to: Endpoint(address: address, transport: transport, port: port &+ 1), if: nil)
    }
    let owner = CNI.Attachment(network: "net", containerID: container, interface: "eth0")
    _ = try backend.apply(PortForwardingRequest(owner, forwards), onConflict: .replace)
  }

  private func leads(_ port: UInt16, _ transport: TransportProtocol = .tcp, on host: String? = nil) throws -> String? {
    let port = HostPort(
      family: host.flatMap { IPAddress($0)?.family } ?? .ip, transport: transport, port: port,
      address: host.flatMap { IPAddress($0) })
    return try backend.destinations(of: [port])[0]?.description
  }

  @Test("a port leads to the container of its last added entry, and an unpublished one nowhere")
  func lastAdded() throws {
    try add("a", [80, 81], to: "10.22.0.5")
    try add("b", [80], to: "10.22.0.6")
    #expect(try leads(80) == "10.22.0.6:81/tcp")
    #expect(try leads(81) == "10.22.0.5:82/tcp")
    #expect(try leads(82) == nil)
    #expect(try leads(80, .udp) == nil)
    #expect(try leads(80, on: "fd00::1") == nil)
  }

  @Test("a port of one address leads to the first entry for this address or for every address")
  func addresses() throws {
    try add("a", [53], to: "10.22.0.5", .udp)
    try add("b", [53], to: "10.22.0.6", .udp, on: "192.0.2.1")
    #expect(try leads(53, .udp, on: "192.0.2.1") == "10.22.0.6:54/udp")
    #expect(try leads(53, .udp, on: "192.0.2.2") == "10.22.0.5:54/udp")
    #expect(try leads(53, .udp) == "10.22.0.5:54/udp")
    try add("c", [53], to: "10.22.0.7", .udp)
    #expect(try leads(53, .udp, on: "192.0.2.1") == "10.22.0.7:54/udp")
  }

  @Test("thousands of ports among thousands of entries take one look at each table")
  func oneLook() throws {
    try add("a", Array(1000..<3000), to: "10.22.0.5")
    try add("six", Array(1000..<1100), to: "fd00:22::5")
    let looks = tables.looks
    let ports = (1000..<3001).map { HostPort(family: .ip, transport: .tcp, port: $0, address: nil) }
    let six = HostPort(family: .ip6, transport: .tcp, port: 1050, address: nil)
    let found = try backend.destinations(of: ports + [six])
    #expect(tables.looks - looks == 2)
    #expect(found.prefix(2000).map { $0?.port } == (1001..<3001).map { $0 })
    #expect(found[2000] == nil)
    #expect(found[2001]?.description == "[fd00:22::5]:1051/tcp")
  }
}
