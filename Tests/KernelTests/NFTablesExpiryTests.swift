// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import OwnTable
import Rules
import TestSupport
import Testing

@Suite("nftables: removal of elements", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct NFTablesExpiryTests {
  private static let owner = CNI.Attachment(network: "test", containerID: "c1", interface: "eth0")

  private func wanted(_ owner: CNI.Attachment = owner) throws -> PortForwardingRequest {
    let address = try ip("10.22.0.5")
    return PortForwardingRequest(
      owner,
      TransportProtocol.allCases.map { transport in
        let destination = Address.Endpoint(address: address, transport: transport, port: 80)
        return PortForward(port: 8080, on: nil, to: destination, if: nil, masquerading: [.loopback4])
      })
  }

  /// With an expiry of 0 the timeout of an element does not change, as on kernels before 6.12.
  @Test(
    "elements are gone 10 ms after their removal, whether they expire or must be deleted",
    arguments: [1, 0] as [UInt64])
  func removal(expiry: UInt64) throws {
    let namespace = try Namespace()
    let backend = NFTablesPorts(expiry: expiry)
    let wanted = try wanted()
    for hint in [PortForwardingRequest(Self.owner, []), wanted] {
      try namespace.run { _ = try backend.apply(wanted, onConflict: .replace) }
      #expect(try namespace.run { try backend.verify(wanted) }.isEmpty)
      let freed = try namespace.run { try backend.remove(hint, ports: []) }
      usleep(10_000)
      #expect(freed.count == TransportProtocol.allCases.count)
      #expect(try !namespace.command("nft", "list", "ruleset").contains("comment"))
    }
  }

  @Test(
    "when the removal of a UDP or SCTP port returns, no flow can begin by it any more", arguments: [1, 0] as [UInt64])
  func connectionless(expiry: UInt64) throws {
    let namespace = try Namespace()
    let backend = NFTablesPorts(expiry: expiry)
    let wanted = try wanted()
    _ = try namespace.run { try backend.apply(wanted, onConflict: .replace) }
    _ = try namespace.run { try backend.remove(PortForwardingRequest(Self.owner, []), ports: []) }
    let listing = try namespace.command("nft", "list", "map", "inet", "swift_cni", "hostports4")
    #expect(!listing.contains("udp . 8080") && !listing.contains("sctp . 8080"))
  }

  @Test(
    "a removed element can be added again at once, by the same owner and by another", arguments: [1, 0] as [UInt64])
  func again(expiry: UInt64) throws {
    let namespace = try Namespace()
    let backend = NFTablesPorts(expiry: expiry)
    for id in ["c1", "c1", "c2", "c3"] {
      let owner = CNI.Attachment(network: "test", containerID: id, interface: "eth0")
      let wanted = try wanted(owner)
      let takeovers = try namespace.run { try backend.apply(wanted, onConflict: .error).takeovers }
      #expect(takeovers.isEmpty)
      usleep(10_000)
      #expect(try namespace.run { try backend.verify(wanted) }.isEmpty)
      _ = try namespace.run { try backend.remove(wanted, ports: []) }
    }
  }
}
