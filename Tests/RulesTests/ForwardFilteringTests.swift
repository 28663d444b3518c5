// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@Suite struct ForwardFilteringTests {
  @Test("a range is written as Swift has it, without an end if it goes to the last address")
  func ranges() throws {
    let (first, end) = (try #require(IPAddress("10.0.0.0")), try #require(IPAddress("10.0.1.0")))
    #expect("\(AddressRange(first: first, end: end))" == "10.0.0.0..<10.0.1.0")
    #expect("\(AddressRange(first: first, end: nil))" == "10.0.0.0..<")
    #expect("\(AddressRange(first: .loopback6, end: nil))" == "::1..<")
  }

  @Test("a request that is added to another asks for both, and one that asks for nothing is empty")
  func requests() throws {
    let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
    let address = try #require(IPAddress("10.22.0.5"))
    var request = ForwardFilterRequest(owner)
    #expect(request.isEmpty)
    request.accepts = [ForwardAccept(address)]
    var other = ForwardFilterRequest(owner)
    other.accepts = [ForwardAccept(.loopback6, zone: "trusted")]
    other.untracked = [.veth("veth0")]
    other.acceptMarkBit = 12
    request.add(other)
    #expect(request.accepts == [ForwardAccept(address), ForwardAccept(.loopback6, zone: "trusted")])
    #expect(request.untracked == [.veth("veth0")] && request.acceptMarkBit == 12)
    #expect(request.addresses(.ip) == [address] && request.addresses(.ip6) == [.loopback6])
    #expect(!request.isEmpty)
  }

  @Test("an isolation is another one on another bridge, of another kind and by another port")
  func isolations() {
    #expect(Isolation(bridge: "cni0", .isolated).port == nil)
    let all = [
      Isolation(bridge: "cni0", .isolated), Isolation(bridge: "cni1", .isolated),
      Isolation(bridge: "cni0", .sameBridge),
      Isolation(bridge: "cni0", .isolated, port: "veth0"), Isolation(bridge: "cni0", .isolated, port: "veth1"),
    ]
    #expect(Set(all).count == all.count)
  }

  @Test("a veth and a bridge of one name are different sources of packets")
  func sources() {
    let all: [PacketSource] = [.address(.loopback6), .veth("x"), .bridge("x"), .veth("y")]
    #expect(Set(all).count == all.count)
  }

  @Test("an accept has no zone unless one is said, and is another one in another zone")
  func zones() {
    #expect(ForwardAccept(.loopback6).zone == nil)
    let all = [nil, "trusted", "internal"].map { ForwardAccept(.loopback6, zone: $0) }
    #expect(Set(all).count == all.count)
  }
}
