// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: beside Kubernetes' services", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapServiceTests {
  /// The ways in which kube-proxy forwards connections to a service's address.
  enum Proxy: CaseIterable {
    case iptables, nftables

    /// Sends TCP port 443 of an address to port 80 of a pod.
    func serve(_ address: String, _ pod: String, _ host: PortmapNode) throws {
      switch self {
      case .iptables:
        try host.node.namespace.command(
          "iptables-nft-restore", "--noflush",
          input: """
            *nat
            :KUBE-SERVICES - [0:0]
            -I PREROUTING -j KUBE-SERVICES
            -I OUTPUT -j KUBE-SERVICES
            -A KUBE-SERVICES -d \(address)/32 -p tcp --dport 443 -j DNAT --to-destination \(pod):80
            COMMIT

            """)
      case .nftables:
        try host.node.namespace.command(
          "nft", "-f", "-",
          input: """
            table ip kube-proxy {
              chain services { ip daddr \(address) tcp dport 443 dnat to \(pod):80; }
              chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
              chain nat-output { type nat hook output priority -100; jump services; }
            }

            """)
      }
    }
  }

  @Test(
    "a service on the node's own address keeps it and the client's address (k3s), whoever came first",
    arguments: Proxy.allCases, [true, false])
  func loadBalancer(proxy: Proxy, isFirst: Bool) throws {
    let host = try PortmapNode()
    let pod = try host.node.addContainer(ip: "10.22.0.5")
    let published = try host.node.addContainer(ip: "10.22.0.6")
    let server = try pod.namespace.run { try TCPListener("10.22.0.5", 80) }
    let other = try published.namespace.run { try TCPListener("10.22.0.6", 80) }
    if isFirst { try proxy.serve(Node.address, "10.22.0.5", host) }
    try host.add(published, PortMapping(443, 80), PortMapping(8443, 80))
    if !isFirst { try proxy.serve(Node.address, "10.22.0.5", host) }
    #expect(try converse(host.node.client, Node.address, 443, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.client, Node.address, 8443, with: other) == ip(Node.clientAddress))
    _ = try converse(host.node.namespace, Node.address, 443, with: server)
    try host.check(published, PortMapping(443, 80), PortMapping(8443, 80))
  }

  /// The interface with the addresses that kube-proxy makes local in its mode IPVS; a bridge, because this kernel may have no
  /// dummy interfaces.
  private func makeLocal(_ host: PortmapNode, _ addresses: String...) throws {
    let lines = addresses.map { "addr add \($0) dev kube-ipvs0\($0.contains(":") ? " nodad" : "")" }
    _ = try? host.node.namespace.ip("link add kube-ipvs0 type bridge")
    try host.node.namespace.ip(lines.joined(separator: "\n"))
  }

  @Test("IPVS: addresses that kube-proxy makes local belong to its services, and ports are not published on them")
  func services() throws {
    let host = try PortmapNode()
    try makeLocal(host, "10.96.0.1/32", "fd00:96::1/128", "\(Node.address)/32")
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    let services = try host.node.namespace.run {
      (try TCPListener("10.96.0.1", 443), try TCPListener("fd00:96::1", 443))
    }
    try host.add(container, PortMapping(443, 80))
    for client in [host.node.client, host.node.namespace, container.namespace] {
      _ = try converse(client, "10.96.0.1", 443, with: services.0)
      _ = try converse(client, "fd00:96::1", 443, with: services.1)
    }
    // An address that the host has itself stays published.
    #expect(try converse(host.node.client, Node.address, 443, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.client, Node.address6, 443, with: server6) == ip(Node.clientAddress6))
    try host.check(container, PortMapping(443, 80))
    // The next ADD, with ports or without, learns of new services.
    try makeLocal(host, "10.96.0.7/32")
    let later = try host.node.namespace.run { try TCPListener("10.96.0.7", 443) }
    try host.succeed("ADD", try host.call("ADD", try host.node.addContainer(ip: "10.22.0.9"), []))
    _ = try converse(host.node.client, "10.96.0.7", 443, with: later)
  }

  @Test("IPVS: where kube-proxy's rules are in iptables' tables, ports are published behind them")
  func fittingBackend() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(443, 80))
    try makeLocal(host, "10.96.0.1/32")
    try host.node.namespace.command(
      "iptables-nft-restore", "--noflush",
      input: """
        *nat
        :KUBE-SERVICES - [0:0]
        -I PREROUTING -j KUBE-SERVICES
        -I OUTPUT -j KUBE-SERVICES
        -A KUBE-SERVICES -d 10.96.0.0/12 -p tcp --dport 443 -j ACCEPT
        COMMIT

        """)
    let other = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(other, PortMapping(443, 80, on: "10.22.0.1"), PortMapping(444, 80))
    #expect(try host.saved().contains { $0.contains("--dports 443,444 -j CNI-DN-") })
    for (each, port) in [(container, PortMapping(443, 80)), (other, PortMapping(444, 80))] {
      let server = try each.namespace.run { try TCPListener(each.ip, 80) }
      let mappings = port.host == 443 ? [port] : [PortMapping(443, 80, on: "10.22.0.1"), port]
      #expect(
        try converse(host.node.client, Node.address, UInt16(port.host), with: server) == ip(Node.clientAddress))
      try host.succeed("CHECK", each, mappings)
    }
    // The address of a new service is not published either.
    try makeLocal(host, "10.96.0.8/32")
    let service = try host.node.namespace.run { try TCPListener("10.96.0.8", 444) }
    try host.delete(container, PortMapping(443, 80))
    host.settle()
    try host.node.namespace.command(
      "iptables-nft", "-t", "nat", "-A", "KUBE-SERVICES", "-d", "10.96.0.8", "-j", "ACCEPT")
    _ = try converse(host.node.client, "10.96.0.8", 444, with: service)
  }
}
