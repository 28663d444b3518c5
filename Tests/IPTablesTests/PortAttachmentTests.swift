// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite("the attachment of a chain of iptables") struct PortAttachmentTests {
  private static let table = IPTable(.nat, .ip)

  private let tables = MemoryTransport()
  private var backend: IPTablesPorts {
    IPTablesPorts(IPTablesSettings(), transport: tables, places: [tables], note: { _ in })
  }

  private func wanted(_ owner: CNI.Attachment, _ port: UInt16, to address: String) throws -> PortForwardingRequest {
    let destination = Endpoint(address: try #require(IPAddress(address)), transport: .tcp, port: 80)
    return PortForwardingRequest(owner, [PortForward(port: port, on: nil, to: destination, if: nil)])
  }

  private func add(_ wanted: PortForwardingRequest) throws { _ = try backend.apply(wanted, onConflict: .replace) }

  /// The rules that upstream writes for an interface, whatever its name.
  private func addByUpstream(_ owner: CNI.Attachment, _ port: UInt16, to address: String) throws {
    let first = CNI.Attachment(network: owner.network, containerID: owner.containerID, interface: "eth0")
    try add(try wanted(first, port, to: address))
  }

  private var chains: Set<String> {
    Set((tables.chains[Self.table] ?? [:]).keys.filter { $0.hasPrefix("CNI-DN-") })
  }

  private func leads(_ port: UInt16) throws -> String? {
    try backend.destinations(of: [HostPort(family: .ip, transport: .tcp, port: port, address: nil)])[0]?.description
  }

  // MARK: - Names with the same concatenation

  private static let joined = [
    CNI.Attachment(network: "net", containerID: "1c", interface: "eth0"),
    CNI.Attachment(network: "net1", containerID: "c", interface: "eth0"),
  ]

  @Test("network net with ID 1c and network net1 with ID c have a chain each, in any order", arguments: [0, 1])
  func runTogether(first: Int) throws {
    let (one, other) = (Self.joined[first], Self.joined[1 - first])
    let (ours, theirs) = (try wanted(one, 8080, to: "10.22.0.5"), try wanted(other, 9090, to: "10.22.0.6"))
    try add(ours)
    try add(theirs)
    #expect(chains.count == 2)
    #expect(try leads(8080) == "10.22.0.5:80/tcp")
    #expect(try leads(9090) == "10.22.0.6:80/tcp")
    let commits = tables.commits
    for rules in [ours, theirs] {
      try add(rules)
      #expect(try backend.verify(rules).isEmpty)
    }
    #expect(tables.commits == commits)
    _ = try backend.remove(PortForwardingRequest(one, []), ports: [])
    #expect(try leads(8080) == nil)
    #expect(try backend.verify(theirs).isEmpty)
    _ = try backend.remove(PortForwardingRequest(other, []), ports: [])
    #expect(chains.isEmpty)
  }

  @Test("GC of network net1 leaves the chain of network net, whose name has the same concatenation", arguments: [0, 1])
  func collectRunTogether(first: Int) throws {
    let (one, other) = (Self.joined[first], Self.joined[1 - first])
    try add(try wanted(one, 8080, to: "10.22.0.5"))
    try add(try wanted(other, 9090, to: "10.22.0.6"))
    let freed = try backend.removeAll(ofNetwork: other.network, sparing: [])
    #expect(freed.map(\.hostPort.port) == [9090])
    #expect(try backend.verify(wanted(one, 8080, to: "10.22.0.5")).isEmpty)
    _ = try backend.removeAll(
      ofNetwork: one.network, sparing: [AttachmentID(containerID: one.containerID, interface: "eth0")])
    #expect(try backend.verify(wanted(one, 8080, to: "10.22.0.5")).isEmpty)
  }

  // MARK: - Upstream's chain of another interface

  private static let second = CNI.Attachment(network: "net", containerID: "id", interface: "net1")

  @Test("what upstream added for net1 passes CHECK, a repeated ADD changes nothing, and DEL removes it")
  func ofSecondInterface() throws {
    try addByUpstream(Self.second, 8080, to: "10.22.0.5")
    let (rules, commits) = (try wanted(Self.second, 8080, to: "10.22.0.5"), tables.commits)
    #expect(try backend.verify(rules).isEmpty)
    try add(rules)
    #expect(tables.commits == commits)
    let freed = try backend.remove(rules, ports: [])
    #expect(freed.map(\.hostPort.port) == [8080])
    #expect(chains.isEmpty)
  }

  @Test("a DEL without a result finds upstream's chain by the ports")
  func byPorts() throws {
    try addByUpstream(Self.second, 8080, to: "10.22.0.5")
    let other = HostPort(family: .ip, transport: .tcp, port: 9090, address: nil)
    for ports in [[], [other]] {
      _ = try backend.remove(PortForwardingRequest(Self.second, []), ports: ports)
      #expect(chains.count == 1)
    }
    let own = HostPort(family: .ip, transport: .tcp, port: 8080, address: nil)
    _ = try backend.remove(PortForwardingRequest(Self.second, []), ports: [own, other])
    #expect(chains.isEmpty)
  }

  @Test("the chain that eth0 has is not net1's: each DEL leaves the other's")
  func besideFirst() throws {
    let first = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
    let (ours, theirs) = (
      try wanted(first, 8080, to: "10.22.0.5"), try wanted(Self.second, 9090, to: "10.22.0.6")
    )
    try add(ours)
    try add(theirs)
    #expect(chains.count == 2)
    _ = try backend.remove(theirs, ports: [])
    #expect(try backend.verify(ours).isEmpty)
    try add(theirs)
    _ = try backend.remove(ours, ports: [])
    #expect(try backend.verify(theirs).isEmpty)
  }

  @Test("an ADD with other ports over upstream's leaves one set of rules")
  func overUpstream() throws {
    try addByUpstream(Self.second, 8080, to: "10.22.0.5")
    try add(try wanted(Self.second, 9090, to: "10.22.0.5"))
    #expect(chains.count == 1)
    #expect(try leads(8080) == nil)
    // The same after an ADD of ours.
    let third = CNI.Attachment(network: "net", containerID: "id3", interface: "net1")
    try add(try wanted(third, 7070, to: "10.22.0.7"))
    try addByUpstream(third, 7070, to: "10.22.0.7")
    #expect(chains.count == 3)
    try add(try wanted(third, 7071, to: "10.22.0.7"))
    #expect(chains.count == 2)
    #expect(try leads(7070) == nil)
  }

  @Test("GC leaves what upstream added for net1 if the list names net1, and removes it otherwise")
  func collected() throws {
    try addByUpstream(Self.second, 8080, to: "10.22.0.5")
    _ = try backend.removeAll(ofNetwork: "net", sparing: [AttachmentID(containerID: "id", interface: "net1")])
    #expect(try leads(8080) == "10.22.0.5:80/tcp")
    _ = try backend.removeAll(ofNetwork: "net", sparing: [AttachmentID(containerID: "other", interface: "net1")])
    #expect(chains.isEmpty)
  }

  @Test("GC removes the rules of eth0 if the list has only net1, which has a chain of its own")
  func collectedFirst() throws {
    try add(try wanted(CNI.Attachment(network: "net", containerID: "id", interface: "eth0"), 8080, to: "10.22.0.5"))
    try add(try wanted(Self.second, 9090, to: "10.22.0.6"))
    _ = try backend.removeAll(ofNetwork: "net", sparing: [AttachmentID(containerID: "id", interface: "net1")])
    #expect(try leads(8080) == nil)
    #expect(try leads(9090) == "10.22.0.6:80/tcp")
  }

  // MARK: - Ports that another container has taken over

  @Test("CHECK says when another container has taken a port over, and whose it is")
  func takenOver() throws {
    let old = try wanted(CNI.Attachment(network: "net", containerID: "old", interface: "eth0"), 8080, to: "10.22.0.5")
    try add(old)
    #expect(try backend.verify(old).isEmpty)
    let new = CNI.Attachment(network: "net", containerID: "new", interface: "eth0")
    try add(try wanted(new, 8080, to: "10.22.0.6"))
    #expect(
      try backend.verify(old)
        == [#"the mapping of IPv4 port 8080/tcp belongs to dnat name: "net" id: "new""#])
    #expect(try backend.verify(wanted(new, 8080, to: "10.22.0.6")).isEmpty)
    _ = try backend.remove(PortForwardingRequest(new, []), ports: [])
    #expect(try backend.verify(old).isEmpty)
  }

  @Test("a repeated ADD takes a port back that another container has taken over, and else changes nothing")
  func takenBack() throws {
    let old = try wanted(CNI.Attachment(network: "net", containerID: "old", interface: "eth0"), 8080, to: "10.22.0.5")
    let new = try wanted(CNI.Attachment(network: "net", containerID: "new", interface: "eth0"), 8080, to: "10.22.0.6")
    try add(old)
    try add(new)
    #expect(try leads(8080) == "10.22.0.6:80/tcp")
    try add(old)
    #expect(try leads(8080) == "10.22.0.5:80/tcp")
    #expect(try backend.verify(old).isEmpty)
    let commits = tables.commits
    try add(old)
    #expect(tables.commits == commits)
  }

  @Test("other ports, and the same port of another interface of the container, take nothing over")
  func notTakenOver() throws {
    let own = try wanted(CNI.Attachment(network: "net", containerID: "id", interface: "eth0"), 8080, to: "10.22.0.5")
    try add(own)
    try add(try wanted(CNI.Attachment(network: "net", containerID: "other", interface: "eth0"), 8081, to: "10.22.0.6"))
    try add(try wanted(CNI.Attachment(network: "net2", containerID: "id", interface: "eth1"), 8080, to: "10.23.0.5"))
    try add(try wanted(CNI.Attachment(network: "net3", containerID: "id", interface: "eth0"), 8080, to: "10.24.0.5"))
    #expect(try backend.verify(own).isEmpty)
  }
}
