// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@Suite struct ForwardRulesTests {
  @Test("a range is written as Swift has it, without an end if it goes to the last address")
  func ranges() throws {
    let (first, end) = (try #require(IPAddress("10.0.0.0")), try #require(IPAddress("10.0.1.0")))
    #expect("\(AddressRange(first: first, end: end))" == "10.0.0.0..<10.0.1.0")
    #expect("\(AddressRange(first: first, end: nil))" == "10.0.0.0..<")
    #expect("\(AddressRange(first: .loopback6, end: nil))" == "::1..<")
  }

  @Test("the accepts are found among other rules, in their order and with their zones")
  func accepts() throws {
    let address = try #require(IPAddress("10.22.0.5"))
    let denied = DeniedDestinations(
      network: "net", family: .ip, ranges: [AddressRange(first: address, end: nil)])
    let destination = Endpoint(address: address, transport: .tcp, port: 80)
    let accepts = [ForwardAccept(.loopback6, zone: "trusted"), ForwardAccept(address)]
    let rules: [Rule] = [
      .dropInvalid(.address(address)), .acceptForwarded(accepts[0]), .isolate(Isolation(bridge: "cni0", .isolated)),
      .restrict(Restriction(.veth("veth0"), denied)), .acceptForwarded(accepts[1]),
      .forwardPort(PortForward(port: 8080, on: nil, to: destination, if: nil)),
      .masquerade(Masquerade(hostPort: 8080, destination: destination, source: .loopback4)), .markAccepted(bit: 12),
    ]
    #expect(rules.accepts == accepts)
    #expect([Rule]().accepts.isEmpty)
    #expect(rules.isolations == [Isolation(bridge: "cni0", .isolated)])
    #expect([Rule]().isolations.isEmpty)
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
