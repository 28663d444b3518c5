// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@Suite struct PortForwardTests {
  @Test("the transports have the numbers of the IP header")
  func transports() {
    #expect(TransportProtocol.allCases.map(\.rawValue) == ["tcp", "udp", "sctp"])
    #expect(TransportProtocol.allCases.map(\.number) == [6, 17, 132])
  }

  @Test("an endpoint is named with its port and transport")
  func endpoint() throws {
    let four = Endpoint(address: try #require(IPAddress("10.0.0.5")), transport: .tcp, port: 80)
    let six = Endpoint(address: try #require(IPAddress("fd00::5")), transport: .udp, port: 53)
    #expect("\(four) \(six)" == "10.0.0.5:80/tcp [fd00::5]:53/udp")
  }

  @Test("a forwarded port is of the family and the transport of where it leads", arguments: TransportProtocol.allCases)
  func forward(transport: TransportProtocol) throws {
    for text in ["10.0.0.5", "fd00::5"] {
      let address = try #require(IPAddress(text))
      let destination = Endpoint(address: address, transport: transport, port: 80)
      let forward = PortForward(port: 8080, on: nil, to: destination, if: nil)
      let expected = HostPort(family: address.family, transport: transport, port: 8080, address: nil)
      #expect(forward.hostPort == expected)
    }
  }

  @Test("the sources of masquerading have no host part")
  func masquerade() throws {
    let destination = Endpoint(address: try #require(IPAddress("10.22.0.5")), transport: .tcp, port: 80)
    let source = try #require(Prefix("10.22.0.5/16"))
    let forward = PortForward(port: 8080, on: nil, to: destination, if: nil, masquerading: [source])
    #expect(forward.masqueradedSources == [Prefix("10.22.0.0/16")])
  }
}
