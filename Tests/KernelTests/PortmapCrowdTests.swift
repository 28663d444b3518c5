// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("portmap: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapCrowdTests {
  @Test("64 containers added and deleted at the same time: nothing is lost, nothing is left", arguments: [false, true])
  func crowd(hasConditions: Bool) throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let containers = try (0..<64).map { Container(namespace: first.namespace, address: try ip("10.22.1.\($0)")) }
    // Different conditions each time make every process change the table's structure too.
    func options(_ index: Int) -> String {
      hasConditions ? #""conditionsV4":["ip saddr != 198.51.100.\#(index % 8)"],"# : ""
    }
    func all(_ verb: String, _ indexes: Range<Int>) throws -> [RunningProgram] {
      try indexes.map { try host.start(verb, containers[$0], [PortMapping(9000 + $0, 80)], options: options($0)) }
    }
    func succeed(_ verb: String, _ running: [RunningProgram]) throws {
      for program in running { try host.succeed(verb, try program.wait()) }
    }
    try succeed("ADD", try all("ADD", 0..<64))
    #expect(try host.elements().count == (hasConditions ? 5 : 4) * 64)
    for index in [0, 31, 63] {
      try host.check(containers[index], PortMapping(9000 + index, 80), options: options(index))
    }
    // Half of them are deleted while the other half is added again.
    let mixed = (try all("DEL", 0..<32), try all("ADD", 32..<64))
    try succeed("DEL", mixed.0)
    try succeed("ADD", mixed.1)
    host.settle()
    #expect(try host.elements().count == (hasConditions ? 5 : 4) * 32)
    try succeed("DEL", try all("DEL", 0..<64))
    host.settle()
    #expect(try host.elements().isEmpty)
  }

  @Test("64 containers that want the same port at the same time: one has it, and nothing is left of the others")
  func onePort() throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let containers = try (0..<64).map { Container(namespace: first.namespace, address: try ip("10.22.1.\($0)")) }
    let adding = try containers.map { try host.start("ADD", $0, [PortMapping(9000, 80)]) }
    for program in adding { try host.succeed("ADD", try program.wait()) }
    #expect(try host.table().split(separator: "\n").filter { $0.contains("tcp . 9000") }.count == 1)
    let deleting = try containers.map { try host.start("DEL", $0, [PortMapping(9000, 80)]) }
    for program in deleting { try host.succeed("DEL", try program.wait()) }
    host.settle()
    #expect(try host.elements().isEmpty)
  }

  @Test("plugins that are killed at random instants leave nothing that a DEL does not remove")
  func killed() throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let mappings = [PortMapping(9000, 80), PortMapping(9001, 81, "udp"), PortMapping(9002, 82, on: Node.address)]
    var deaths = 0
    for round in 0..<150 {
      let container = Container(namespace: first.namespace, address: try ip("10.22.1.\(round)"))
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try host.start(verb, container, mappings)
        usleep(.random(in: 0...4000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try host.succeed("DEL", try host.call("DEL", container, mappings, prevResult: round % 2 == 0))
      host.settle()
      #expect(try host.elements().isEmpty)
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 30)
  }
}
