// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

/// Servers on TCP port 80 of both addresses of a container.
struct DualServer: Sendable {
  private let server: TCPListener
  private let server6: TCPListener

  init(_ container: Container) throws {
    let address6 = try #require(container.ip6)
    (server, server6) = try container.namespace.run {
      (try TCPListener(container.ip, 80), try TCPListener(address6, 80))
    }
  }

  /// Expects that a port of the node leads to the servers, and that these see the expected client address.
  func expectAnswers(at port: UInt16, of node: Node, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (source, source6) = (try ip(Node.clientAddress), try ip(Node.clientAddress6))
    #expect(try converse(node.client, Node.address, port, with: server) == source, sourceLocation: sourceLocation)
    #expect(try converse(node.client, Node.address6, port, with: server6) == source6, sourceLocation: sourceLocation)
  }
}
