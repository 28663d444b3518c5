// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: tracked flows", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapFlowTests {
  @Test(
    "a UDP flow that began before the ADD goes to the container after it, by family and hostIP",
    arguments: [false, true])
  func add(onAddress: Bool) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let mapping = PortMapping(5353, 53, "udp", on: onAddress ? Node.address : nil)
    let server = try container.namespace.run { try UDPSocket("10.22.0.5", 53) }
    let onHost = try host.node.namespace.run { try UDPSocket(Node.address, 5353) }
    let client = try host.node.client.run { try UDPSocket(Node.clientAddress) }
    try client.send("before", to: Endpoint(Node.address, 5353))
    #expect(try onHost.receive().text == "before")
    try host.add(container, mapping)
    try client.send("after", to: Endpoint(Node.address, 5353))
    #expect(try server.receive().text == "after")
  }

  @Test(
    "a UDP flow to a deleted port does not go on to the container's address, and one to a port taken over goes along")
  func delete() throws {
    let host = try PortmapNode()
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let (first, second) = (
      try old.namespace.run { try UDPSocket("10.22.0.5", 53, timeout: 300) },
      try new.namespace.run { try UDPSocket("10.22.0.6", 53) }
    )
    let client = try host.node.client.run { try UDPSocket(Node.clientAddress) }
    try host.add(old, PortMapping(5353, 53, "udp"))
    try client.send("to the old", to: Endpoint(Node.address, 5353))
    #expect(try first.receive().text == "to the old")
    try host.add(new, PortMapping(5353, 53, "udp"))
    try client.send("to the new", to: Endpoint(Node.address, 5353))
    #expect(try second.receive().text == "to the new")
    try host.delete(new, PortMapping(5353, 53, "udp"))
    try client.send("to the old again", to: Endpoint(Node.address, 5353))
    #expect(try first.receive().text == "to the old again")
    try host.delete(old, PortMapping(5353, 53, "udp"))
    let onHost = try host.node.namespace.run { try UDPSocket(Node.address, 5353) }
    try client.send("to the host", to: Endpoint(Node.address, 5353))
    #expect(try onHost.receive().text == "to the host")
    #expect(throws: SocketError.self) { try first.receive() }
  }

  @Test("the flows to many ports are removed at once, over IPv4 and IPv6, with and without hostIP")
  func many() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let mappings = (0..<20).map { PortMapping(5300 + $0, 53, "udp", on: $0 < 10 ? nil : Node.address) }
    let client = try host.node.client.run { (try UDPSocket(Node.clientAddress), try UDPSocket(Node.clientAddress6)) }
    let servers = try host.node.namespace.run {
      [try UDPSocket(Node.address, 5300), try UDPSocket(Node.address6, 5301), try UDPSocket(Node.address, 5319)]
    }
    try client.0.send("before", to: Endpoint(Node.address, 5300))
    try client.1.send("before", to: Endpoint(Node.address6, 5301))
    try client.0.send("before", to: Endpoint(Node.address, 5319))
    for server in servers { #expect(try server.receive().text == "before") }
    try host.succeed("ADD", try host.call("ADD", container, mappings))
    let (inside, inside6) = try container.namespace.run {
      (try UDPSocket("10.22.0.5", 53), try UDPSocket("fd00:22::5", 53))
    }
    try client.0.send("after", to: Endpoint(Node.address, 5300))
    try client.0.send("after", to: Endpoint(Node.address, 5319))
    try client.1.send("after", to: Endpoint(Node.address6, 5301))
    #expect(try inside.receive().text == "after")
    #expect(try inside.receive().text == "after")
    #expect(try inside6.receive().text == "after")
  }

  @Test("other flows survive: other ports, other protocols, other addresses, and flows through the host")
  func survivors() throws {
    let host = try PortmapNode()
    try host.node.namespace.ip("addr add 192.0.2.9/24 dev uplink")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6")
    // The kernel tracks connections only from the first rule that needs it.
    try host.add(bystander, PortMapping(7070, 70))
    let client = try host.node.client.run { try UDPSocket(Node.clientAddress, 4000) }
    for (address, port) in [("10.22.0.6", 53), (Node.address, 54), ("192.0.2.9", 53), (Node.address, 53)] {
      try client.send("flow", to: Endpoint(address, UInt16(port)))
    }
    let tcp = try bystander.namespace.run { try TCPListener("10.22.0.6", 53) }
    _ = try converse(host.node.client, "10.22.0.6", 53, with: tcp)
    let flows = { try host.flows() }
    let before = try flows()
    #expect(before.count == 5)
    try host.add(container, PortMapping(53, 53, "udp", on: Node.address))
    let hit = before.filter { $0.contains("udp") && $0.contains("dst=\(Node.address) ") && $0.contains("dport=53 ") }
    #expect(hit.count == 1)
    #expect(try flows() == before.subtracting(hit))
    // Without hostIP the flow to the host's other address goes too; the one through the host stays.
    try host.add(bystander, PortMapping(7070, 70), PortMapping(53, 53, "udp"))
    let local = before.filter { $0.contains("udp") && $0.contains("dst=192.0.2.9 ") }
    #expect(local.count == 1)
    #expect(try flows() == before.subtracting(hit).subtracting(local))
    try host.delete(container, PortMapping(53, 53, "udp"))
    #expect(try flows() == before.subtracting(hit).subtracting(local))
  }

  @Test(
    "a restarted busy DNS pod gets the packets of its 20,000 flows at once, and flows to other ports stay",
    arguments: [false, true])
  func busy(byIPTables: Bool) throws {
    var host = try PortmapNode()
    if byIPTables { host = host.byIPTables }
    let others = try host.node.addContainer(ip: "10.22.0.6")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    // As many entries as a busy node has.
    try host.succeed("ADD", others, (0..<300).map { PortMapping(10_000 + $0, 80) } + [PortMapping(54, 53, "udp")])
    // For more than a few paths flows are requested from the kernel in another way.
    let ways = byIPTables ? 20 : 2
    var flows = (0..<20_000).map { Self.restored(port: 53, to: "10.22.0.\(100 + $0 % ways)", sourcePort: 1024 + $0) }
    flows += (0..<100).map { Self.restored(port: 53, to: "10.22.0.5", sourcePort: 30_000 + $0) }
    flows += (0..<100).map { Self.restored(port: 54, to: "10.22.0.78", sourcePort: 1024 + $0) }
    try host.node.namespace.command("conntrack", "--load-file", "/dev/stdin", input: flows.joined(separator: "\n"))
    #expect(try host.flows().count == 20_200)
    let begin = ContinuousClock.now
    try host.add(container, PortMapping(53, 53, "udp"))
    // It takes 0.1 s; a request for each flow took half a minute.
    #expect(ContinuousClock.now - begin < .seconds(5))
    let left = try host.flows()
    #expect(left.count == 200)
    #expect(left.filter { $0.contains("dport=53 ") }.count == 100)
    try host.delete(container, PortMapping(53, 53, "udp"))
    #expect(try host.flows() == left.filter { $0.contains("dport=54 ") })
  }

  /// A flow from a client by a port of the node to an address, in the format of a conntrack file.
  private static func restored(port: Int, to destination: String, sourcePort: Int) -> String {
    let client = Node.clientAddress
    return "-A -s \(client) -d \(Node.address) -r \(destination) -q \(client) -p udp --sport \(sourcePort)"
      + " --dport \(port) --reply-port-src 53 --reply-port-dst \(sourcePort) -t 600 -u SEEN_REPLY"
  }

  @Test("a flow to the right destination survives a repeated ADD, and an ADD and a DEL of the same port elsewhere")
  func settled() throws {
    let host = try PortmapNode()
    try host.node.namespace.ip("addr add 192.0.2.9/24 dev uplink")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let other = try host.node.addContainer(ip: "10.22.0.6")
    let mapping = PortMapping(5353, 53, "udp", on: Node.address)
    try host.add(container, mapping)
    let server = try container.namespace.run { try UDPSocket("10.22.0.5", 53) }
    #expect(try converse(host.node.client, Node.address, 5353, with: server) == ip(Node.clientAddress))
    let before = try host.flows()
    #expect(before.count == 1)
    try host.add(container, mapping)
    try host.add(other, PortMapping(5353, 53, "udp"))
    try host.delete(other, PortMapping(5353, 53, "udp"))
    try host.delete(other, PortMapping(5353, 53, "udp"))
    #expect(try host.flows() == before)
  }
}

extension PortmapNode {
  /// The protocol, addresses and ports of the first packet of each tracked flow with ports. Flows without ports are left out,
  /// because the kernel sends other packets, about multicast groups, at any time.
  fileprivate func flows() throws -> Set<String> {
    let list = try node.namespace.command("conntrack", "-L", "-f", "ipv4")
    return Set(
      list.split(separator: "\n").filter { $0.contains("port=") }.map { line in
        let words = line.split(separator: " ").map(String.init)
        let tuple = words.filter { $0.hasPrefix("src=") || $0.hasPrefix("dst=") || $0.contains("port=") }.prefix(4)
        return "\(words.first ?? "") \(tuple.joined(separator: " ")) "
      })
  }
}
