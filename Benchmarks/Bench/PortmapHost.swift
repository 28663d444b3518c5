// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Whose portmap it is, and where it writes its rules.
enum Contestant {
  case ours
  case oursInIPTables(IPTablesVariant)
  case upstream(IPTablesVariant)

  /// Where it writes, if it is into the tables of iptables.
  var variant: IPTablesVariant? {
    switch self {
    case .ours: nil
    case .oursInIPTables(let variant), .upstream(let variant): variant
    }
  }

  /// Members of its configuration.
  var members: String {
    if case .oursInIPTables(let variant) = self { variant.members } else { "" }
  }
}

/// A node of its own on which one portmap has made so many mappings already.
final class PortmapHost: MeasuredHost {
  let program: Program
  private let contestant: Contestant
  let present: Int
  let node: Node
  /// The container that the measured mappings lead to.
  let container: Container
  /// The very first ADD, which had to make tables and chains too.
  private(set) var first: UInt64 = 0
  private(set) var adding = Samples()
  private(set) var deleting = Samples()
  private var calls = 0

  init(_ contestant: Contestant, program: Program, present: Int) throws {
    self.program = program
    self.contestant = contestant
    self.present = present
    node = try Node()
    container = try node.addContainer(ip: "10.22.0.5")
    first = try call("ADD", container, ports: 40_000..<40_001).nanoseconds
    _ = try call("DEL", container, ports: 40_000..<40_001)
    if let variant = contestant.variant {
      try variant.restore(iptablesRules(), in: node.namespace)
    } else {
      try fillByCalls()
    }
  }

  /// Calls the plugin as a runtime does.
  func call(_ verb: String, _ container: Container, ports: Range<UInt16>) throws -> Outcome {
    try start(verb, container, ports: ports).wait().succeeded("\(program.path) \(verb)")
  }

  func start(_ verb: String, _ container: Container, ports: Range<UInt16>) throws -> RunningProgram {
    let variables = contestant.variant?.environment ?? [:]
    return try node.namespace.run {
      try program.start(
        environment: container.environment(verb).merging(variables) { $1 },
        input: portmapConfig(container, ports: ports, members: contestant.members))
    }
  }

  /// Measures one ADD and its DEL, of a container that was never there.
  func measureCycle() throws {
    let container = Container(namespace: container.namespace, address: container.address)
    let port = UInt16(40_000 + calls % 1000)
    calls += 1
    adding.add(try call("ADD", container, ports: port..<port + 1).nanoseconds)
    deleting.add(try call("DEL", container, ports: port..<port + 1).nanoseconds)
  }

  /// Adds `count` containers and measures how long their DELs take when all start at once.
  func measureDeletingAtOnce(_ count: UInt16) throws -> UInt64 {
    let containers = (0..<count).map { (other($0), 42_000 + $0) }
    for (container, port) in containers { _ = try call("ADD", container, ports: port..<port + 1) }
    let running = try containers.map { try start("DEL", $0, ports: $1..<$1 + 1) }
    let outcomes = try running.map { try $0.wait() }
    let ended = monotonicNanoseconds()
    for outcome in outcomes { _ = try outcome.succeeded("\(program.path) DEL, \(count) at once") }
    return ended - running[0].started
  }

  private func fillByCalls() throws {
    let atOnce = 100
    for index in 0..<UInt16(present / atOnce) {
      let port = 10_000 + index * UInt16(atOnce)
      _ = try call("ADD", other(index), ports: port..<port + UInt16(atOnce))
    }
  }

  /// What upstream would write for one mapping of each of so many containers, for iptables-restore.
  private func iptablesRules() -> String {
    var chains = ""
    var rules = ""
    for index in 0..<UInt16(present) {
      let (container, port) = (other(index), 10_000 + index)
      let chain = "CNI-DN-\(container.id.prefix(21))"
      let comment = #""dnat name: \"bench\" id: \"\#(container.id)\"""#
      chains += ":\(chain) - [0:0]\n"
      rules += """
        -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment \(comment) -m multiport --dports \(port) -j \(chain)
        -A \(chain) -s 10.22.0.0/16 -p tcp -m tcp --dport \(port) -j CNI-HOSTPORT-SETMARK
        -A \(chain) -s 127.0.0.1/32 -p tcp -m tcp --dport \(port) -j CNI-HOSTPORT-SETMARK
        -A \(chain) -p tcp -m tcp --dport \(port) -j DNAT --to-destination \(container.address):80

        """
    }
    return "*nat\n\(chains)\(rules)COMMIT\n"
  }

  /// A container with an address of its own that is only a name to the plugin.
  private func other(_ index: UInt16) -> Container {
    let address = Endpoint("10.22.\(1 + index / 250).\(1 + index % 250)", 0).address
    return Container(namespace: container.namespace, address: address)
  }
}

/// The configuration that publishes ports of a container on these ports of the host: port 80 if it is one, else each
/// its own.
func portmapConfig(_ container: Container, ports: Range<UInt16>, members: String = "") -> [UInt8] {
  let mappings = ports.map { port in
    #"{"hostPort":\#(port),"containerPort":\#(ports.count == 1 ? 80 : port),"protocol":"tcp"}"#
  }.joined(separator: ",")
  return Array(
    """
    {"cniVersion":"1.0.0","name":"bench","type":"portmap",\(members)"capabilities":{"portMappings":true},\
    "runtimeConfig":{"portMappings":[\(mappings)]},"prevResult":\(container.prevResult)}
    """.utf8)
}
