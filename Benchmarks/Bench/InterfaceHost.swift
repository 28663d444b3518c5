// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// A node of its own on which plugins of one folder make containers' interfaces of one kind.
final class InterfaceHost {
  let kind: InterfaceKind
  let plugins: PluginFolder
  /// How many other containers have such an interface.
  let present: Int
  private(set) var adding = Samples()
  private(set) var deleting = Samples()
  private(set) var atOnce = Samples()
  private let node: Namespace
  private let network: String
  private let sandboxes: [Namespace]
  private let others: [Namespace]

  /// `sandboxes` is the number of containers that are measured at once.
  init(_ kind: InterfaceKind, _ plugins: PluginFolder, present: Int = 0, sandboxes: Int = 1) throws {
    (self.kind, self.plugins, self.present) = (kind, plugins, present)
    // Each node has its own reservations, which go by network.
    network = "bench\(Container.randomID().prefix(8))"
    node = try Namespace()
    self.sandboxes = try (0..<sandboxes).map { _ in try Namespace() }
    others = try (0..<present).map { _ in try Namespace() }
    if !kind.preparation.isEmpty { try node.ip(kind.preparation) }
    for other in others { try call("ADD", container(other)) }
    // The first of all makes the bridge, chains and tables.
    let first = container(self.sandboxes[0])
    for verb in ["ADD", "DEL"] { try call(verb, first) }
  }

  /// Measures one ADD and its DEL, of a container that was never there.
  func measureCycle() throws {
    let container = container(sandboxes[0])
    settle()
    adding.add(try call("ADD", container).nanoseconds)
    deleting.add(try call("DEL", container).nanoseconds)
  }

  /// Measures how long ADDs for all containers take when all start at once.
  func measureAtOnce() throws {
    let containers = sandboxes.map(container)
    settle()
    let running = try containers.map { try start("ADD", $0) }
    let outcomes = try running.map { try $0.wait() }
    atOnce.add(monotonicNanoseconds() - running[0].started)
    for outcome in outcomes { _ = try outcome.succeeded("\(plugins.path)/\(kind.plugin) ADD, many at once") }
    for container in containers { try call("DEL", container) }
  }

  /// The system calls of an ADD, which is undone.
  func systemCalls() throws -> SystemCalls {
    let container = container(sandboxes[0])
    let calls = try node.run {
      try SystemCalls(
        of: plugins.program(kind.plugin), environment: plugins.environment("ADD", container), input: config())
    }
    try call("DEL", container)
    return calls
  }

  /// A plugin's call for a chain: `members` are those of its configuration, each after a comma.
  func call(_ plugin: String, _ verb: String, _ container: Container, _ members: String) throws -> Outcome {
    let outcome = try node.run {
      try plugins.program(plugin).run(
        environment: plugins.environment(verb, container), input: config(plugin, members))
    }
    return try outcome.succeeded("\(plugins.path)/\(plugin) \(verb)")
  }

  /// A new container in the namespace of the first.
  func container(ifName: String = "eth0", id: String = Container.randomID()) -> Container {
    container(sandboxes[0], ifName: ifName, id: id)
  }

  @discardableResult
  private func call(_ verb: String, _ container: Container) throws -> Outcome {
    try start(verb, container).wait().succeeded("\(plugins.path)/\(kind.plugin) \(verb)")
  }

  private func start(_ verb: String, _ container: Container) throws -> RunningProgram {
    try node.run {
      try plugins.program(kind.plugin).start(environment: plugins.environment(verb, container), input: config())
    }
  }

  /// Only its name, its namespace and its interface count; the plugins choose the address.
  private func container(_ namespace: Namespace, ifName: String, id: String) -> Container {
    Container(namespace: namespace, id: id, ifName: ifName, address: Endpoint("10.22.0.2", 0).address)
  }

  private func container(_ namespace: Namespace) -> Container {
    container(namespace, ifName: kind.plugin == "loopback" ? "lo" : "eth0", id: Container.randomID())
  }

  private func config() -> [UInt8] { config(kind.plugin, kind.members) }

  private func config(_ plugin: String, _ members: String) -> [UInt8] {
    Array(#"{"cniVersion":"1.0.0","name":"\#(network)","type":"\#(plugin)"\#(members)}"#.utf8)
  }
}
