// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

/// A container, or the host beside a node, with TCP servers on port 80 of its IPv4 and IPv6 addresses.
struct Party: Sendable {
  private let namespace: Namespace
  private let addresses: [String]
  private let servers: [TCPListener]

  init(_ container: Container) throws {
    try self.init(container.namespace, [container.ip, #require(container.ip6)])
  }

  /// The host beside a node, with further addresses if they are given.
  init(beside node: Node, _ addresses: [String] = [Node.clientAddress, Node.clientAddress6]) throws {
    try self.init(node.client, addresses)
  }

  private init(_ namespace: Namespace, _ addresses: [String]) throws {
    self.namespace = namespace
    self.addresses = addresses
    servers = try namespace.run { try addresses.map { try TCPListener($0, 80) } }
  }

  /// Expects that connections to the other party work in both families.
  func expectReaches(_ other: Party, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    for (address, server) in zip(other.addresses, other.servers) {
      #expect(throws: Never.self, comment, sourceLocation: sourceLocation) {
        _ = try converse(namespace, address, 80, with: server)
      }
    }
  }

  /// Expects the same of connections to a port that the node publishes for the other party.
  func expectReaches(
    _ other: Party, at port: UInt16, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (address, server) in zip([Node.address, Node.address6], other.servers) {
      #expect(throws: Never.self, comment, sourceLocation: sourceLocation) {
        _ = try converse(namespace, address, port, with: server)
      }
    }
  }

  /// Expects that no connection to the other party works; all addresses are tried at the same time.
  func expectDoesNotReach(
    _ other: Party, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let reached = try await reached(other)
    #expect(reached == [], comment, sourceLocation: sourceLocation)
  }

  /// Expects that neither party reaches the other.
  func expectIsApart(
    from other: Party, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    async let there = reached(other)
    async let back = other.reached(self)
    let reached = try await there + back
    #expect(reached == [], comment, sourceLocation: sourceLocation)
  }

  func expectIsTogether(
    with other: Party, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectReaches(other, comment, sourceLocation: sourceLocation)
    other.expectReaches(self, comment, sourceLocation: sourceLocation)
  }

  /// The addresses of the other party to which connections work.
  func reached(_ other: Party) async throws -> [String] {
    try await withThrowingTaskGroup(of: String?.self) { group in
      for address in other.addresses {
        group.addTask {
          try await onOwnThread { isUnreachable(namespace, address, 80) ? nil : address }
        }
      }
      var reached: [String] = []
      for try await case let address? in group { reached.append(address) }
      return reached.sorted()
    }
  }
}
