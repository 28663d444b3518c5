// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNITool

@Suite("--publish") struct PublishedPortTests {
  @Test(
    "a port is read with and without address and protocol",
    arguments: [
      ("8080:80", nil, 8080, 80, "tcp"), ("53:5353/udp", nil, 53, 5353, "udp"), ("1:65535/SCTP", nil, 1, 65535, "sctp"),
      ("127.0.0.1:8080:80", "127.0.0.1", 8080, 80, "tcp"), ("[::1]:8080:80/tcp", "::1", 8080, 80, "tcp"),
    ] as [(String, String?, UInt16, UInt16, String)])
  func accepted(text: String, address: String?, host: UInt16, container: UInt16, transport: String) throws {
    let port = try #require(PublishedPort(text))
    #expect(port.hostAddress.map { "\($0)" } == address)
    #expect(port.hostPort == host && port.containerPort == container && port.transport == transport)
    #expect(port.mapping.hostIP == address)
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "80", ":80", "80:", "0:80", "80:0", "65536:80", "80:65536", "80:80/icmp", "80:80/", "a:80", "+80:80", "-1:80",
      "::1:80:80", "[127.0.0.1]:80:80", "[::1]80:80", "[::1:80:80", "1.2.3:80:80", "1.2.3.4:80", "1.2.3.4:80:80:80",
      "host:80:80", " 80:80",
    ])
  func refused(text: String) { #expect(PublishedPort(text) == nil) }
}
