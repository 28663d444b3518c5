// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// A node on which one container after another is attached to the network of ``ChainNetwork``.
final class ChainHost {
  /// Attaches a container (`ADD`) or detaches it (`DEL`), called in the node's namespace.
  typealias Call = (_ verb: String, _ container: Container) throws -> Outcome

  let name: String
  private(set) var adding = Samples()
  private(set) var deleting = Samples()
  private let call: Call
  private let node: Namespace
  private let sandbox: Namespace

  init(_ name: String, _ call: @escaping Call) throws {
    (self.name, self.call, node, sandbox) = (name, call, try Namespace(), try Namespace())
    // The first makes the bridge, tables and chains.
    try measureCycle()
    (adding, deleting) = (Samples(), Samples())
  }

  func measureCycle() throws {
    let container = Container(namespace: sandbox, address: Endpoint("10.22.0.2", 0).address)
    settle()
    adding.add(try measure("ADD", container))
    deleting.add(try measure("DEL", container))
  }

  private func measure(_ verb: String, _ container: Container) throws -> UInt64 {
    try node.run { try call(verb, container) }.succeeded("\(verb) of the chain").nanoseconds
  }
}
