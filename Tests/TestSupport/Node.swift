// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A host with a bridge for containers, and a client host in a namespace of its own.
package final class Node: Sendable {
  package static let address = "192.0.2.1"
  package static let address6 = "2001:db8:1::1"
  package static let clientAddress = "192.0.2.2"
  package static let clientAddress6 = "2001:db8:1::2"

  /// The node's namespace, where plugins run.
  package let namespace: Namespace
  /// A host that reaches the node, and the containers' networks through it.
  package let client: Namespace
  private let hairpin: Bool

  /// `hairpin` is the mode of the bridge's ports; `bridgeFilter` is `net.bridge.bridge-nf-call-iptables` and its IPv6 twin.
  package init(hairpin: Bool = false, bridgeFilter: Bool = false, networks: [Network] = [.first]) throws {
    namespace = try Namespace()
    client = try Namespace()
    self.hairpin = hairpin
    try Self.prepare(namespace)
    try Self.prepare(client)
    for key in ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"] {
      // Missing without the module br_netfilter; the filter is off then.
      if bridgeFilter || (try? namespace.sysctl(key)) != nil { try namespace.set(key, to: bridgeFilter ? "1" : "0") }
    }
    try namespace.set("net/ipv4/ip_forward", to: "1")
    try namespace.set("net/ipv6/conf/all/forwarding", to: "1")
    try namespace.ip(
      """
      link add uplink type veth peer name eth0 netns \(client.path)
      addr add \(Self.address)/24 dev uplink
      addr add \(Self.address6)/64 dev uplink nodad
      link set uplink up
      """)
    try client.ip(
      """
      addr add \(Self.clientAddress)/24 dev eth0
      addr add \(Self.clientAddress6)/64 dev eth0 nodad
      link set eth0 up
      route add default via \(Self.address)
      route add ::/0 via \(Self.address6)
      """)
    for network in networks { try add(network) }
  }

  private func add(_ network: Network) throws {
    // Without a fixed MAC address a bridge takes one of its ports' and changes it, so that neighbour entries become stale.
    try namespace.ip(
      """
      link add \(network.bridge) address \(network.hardwareAddress) type bridge
      addr add \(network.gateway) dev \(network.bridge)
      addr add \(network.gateway6) dev \(network.bridge) nodad
      link set \(network.bridge) up
      """)
  }

  /// Makes a container with one interface in a network.
  package func addContainer(
    ip: String, ip6: String? = nil, ifName: String = "eth0", network: Network = .first
  ) throws -> Container {
    let inside = try Namespace()
    try Self.prepare(inside)
    return try attach(
      inside, id: Container.randomID(), ip: ip, ip6: ip6, ifName: ifName, network: network, routes: true)
  }

  /// Adds an interface to a container; its default route is not changed.
  package func attach(
    _ container: Container, ip: String, ip6: String? = nil, ifName: String, network: Network
  ) throws -> Container {
    try attach(
      container.namespace, id: container.id, ip: ip, ip6: ip6, ifName: ifName, network: network, routes: false)
  }

  private func attach(
    _ inside: Namespace, id: String, ip: String, ip6: String?, ifName: String, network: Network, routes: Bool
  ) throws -> Container {
    let container = Container(
      namespace: inside, id: id, ifName: ifName, address: Endpoint(ip, 0).address,
      address6: ip6.map { Endpoint($0, 0).address }, network: network)
    let peer = container.hostInterface
    let (mac, hostMAC) = (container.hardwareAddress, container.hostHardwareAddress)
    try namespace.ip(
      """
      link add \(peer) address \(hostMAC) type veth peer name \(ifName) address \(mac) netns \(inside.path)
      link set \(peer) master \(network.bridge)
      link set \(peer) type bridge_slave hairpin \(hairpin ? "on" : "off")
      link set \(peer) up
      """)
    var lines = ["addr add \(ip)/\(network.gateway.length) dev \(ifName)", "link set \(ifName) up"]
    if let ip6 { lines.append("addr add \(ip6)/\(network.gateway6.length) dev \(ifName) nodad") }
    if routes { lines.append("route add default via \(network.gateway.address)") }
    if routes, ip6 != nil { lines.append("route add ::/0 via \(network.gateway6.address)") }
    try inside.ip(lines.joined(separator: "\n"))
    return container
  }

  /// Without these parameters results would depend on the machine, and an IPv6 address would be usable only after a second.
  private static func prepare(_ namespace: Namespace) throws {
    for scope in ["all", "default"] {
      try namespace.set("net/ipv4/conf/\(scope)/route_localnet", to: "0")
      try namespace.set("net/ipv6/conf/\(scope)/accept_dad", to: "0")
    }
  }
}
