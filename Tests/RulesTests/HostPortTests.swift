// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@Suite struct HostPortTests {
  @Test(
    "a host port is named with its address, or with its family",
    arguments: [
      (.ip, .tcp, nil, "IPv4 port 8080/tcp"), (.ip6, .sctp, nil, "IPv6 port 8080/sctp"),
      (.ip, .udp, "192.0.2.1", "192.0.2.1:8080/udp"), (.ip6, .tcp, "fd00::1", "[fd00::1]:8080/tcp"),
    ] as [(AddressFamily, TransportProtocol, String?, String)])
  func text(family: AddressFamily, transport: TransportProtocol, address: String?, expected: String) {
    let port = HostPort(
      family: family, transport: transport, port: 8080, address: address.flatMap { IPAddress($0) })
    #expect("\(port)" == expected)
  }
}
