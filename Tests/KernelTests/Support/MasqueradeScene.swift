// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import Rules
import TestSupport

/// A node whose containers are masqueraded, and a client host that tells by which address they come.
struct MasqueradeScene {
  let node: Node
  let network = "test"

  init(bridgeFilter: Bool = false, networks: [Network] = [.first]) throws {
    node = try Node(bridgeFilter: bridgeFilter, networks: networks)
  }

  func attachment(_ container: Container) -> CNI.Attachment {
    CNI.Attachment(network: network, containerID: container.id, interface: container.ifName)
  }

  /// The container's addresses with the lengths of their subnets' prefixes.
  func sources(_ container: Container) -> [Prefix] {
    let addresses = [
      (container.address as IPAddress?, container.network.gateway), (container.address6, container.network.gateway6),
    ]
    return addresses.compactMap { address, gateway in address.flatMap { Prefix($0, length: gateway.length) } }
  }

  func request(_ container: Container) -> MasqueradeRequest {
    MasqueradeRequest(attachment(container), sources(container))
  }

  /// What is known of the container when it goes; without addresses as if its namespace were gone.
  func hint(_ container: Container, hasAddresses: Bool = true) -> MasqueradeHint {
    MasqueradeHint(attachment(container), hasAddresses ? sources(container) : [])
  }

  @discardableResult
  func apply(_ masquerader: any Masquerader, _ container: Container) throws -> AppliedChange {
    try node.namespace.run { try masquerader.apply(request(container)) }
  }

  func problems(_ masquerader: any Masquerader, _ container: Container) throws -> [String] {
    try node.namespace.run { try masquerader.verify(request(container)) }
  }

  func remove(_ masquerader: any Masquerader, _ container: Container, hasAddresses: Bool = true) throws {
    try node.namespace.run { try masquerader.remove(hint(container, hasAddresses: hasAddresses)) }
  }

  /// The address by which the client host sees a connection from the container.
  func seen(_ container: Container, _ family: AddressFamily = .ip) throws -> IPAddress {
    let address = family == .ip ? Node.clientAddress : Node.clientAddress6
    let server = try node.client.run { try TCPListener(address, 0) }
    return try converse(container.namespace, address, server.endpoint.port, with: server)
  }

  /// The address by which another container sees one over UDP.
  func seen(_ container: Container, by other: Container, _ family: AddressFamily = .ip) throws -> IPAddress {
    guard let address = family == .ip ? other.ip : other.ip6 else { throw Mute() }
    let server = try other.namespace.run { try UDPSocket(address) }
    return try converse(container.namespace, address, try server.local.port, with: server)
  }

  /// The address by which another container sees what one sends to a multicast group.
  func seen(_ container: Container, inGroupWith other: Container, _ family: AddressFamily) throws -> IPAddress {
    let group = family == .ip ? "239.1.2.3" : "ff05::123"
    let receiver = try other.namespace.run { () -> UDPSocket in
      let socket = try UDPSocket(family == .ip ? "0.0.0.0" : "::", 5353)
      try socket.join(group, interface: Int32(bitPattern: if_nametoindex(other.ifName)))
      return socket
    }
    let sender = try container.namespace.run { try UDPSocket(family == .ip ? "0.0.0.0" : "::") }
    try sender.send("hello", to: Endpoint(group, 5353))
    return try receiver.receive().from.address
  }

  func nft(_ words: String) throws -> String { try node.namespace.command("nft", words) }

  /// The lines of our table in which elements with owners stand.
  func elements() throws -> [String] {
    // Within this time expired elements must be gone.
    usleep(10_000)
    let listing = try nft("list ruleset")
    return listing.split(separator: "\n").map(String.init).filter { $0.contains(" comment \"test/") }
  }
}
