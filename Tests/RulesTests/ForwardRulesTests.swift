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
      .dropInvalid(address), .acceptForwarded(accepts[0]), .isolate(Isolation(bridge: "cni0", .isolated)),
      .restrict(Restriction(address, denied)), .acceptForwarded(accepts[1]),
      .forwardPort(PortForward(port: 8080, on: nil, to: destination, if: nil)),
      .masquerade(Masquerade(hostPort: 8080, destination: destination, source: .loopback4)),
    ]
    #expect(rules.accepts == accepts)
    #expect([Rule]().accepts.isEmpty)
  }

  @Test("an accept has no zone unless one is said, and is another one in another zone")
  func zones() {
    #expect(ForwardAccept(.loopback6).zone == nil)
    let all = [nil, "trusted", "internal"].map { ForwardAccept(.loopback6, zone: $0) }
    #expect(Set(all).count == all.count)
  }
}
