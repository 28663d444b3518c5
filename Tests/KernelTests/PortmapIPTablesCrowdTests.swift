// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import TestSupport
import Testing

@Suite("portmap by iptables: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesCrowdTests {
  @Test("64 containers come and go while the program iptables adds and removes rules: nothing is lost on either side")
  func crowd() throws {
    let host = try PortmapNode().byIPTables
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let containers = try (0..<64).map { Container(namespace: first.namespace, address: try ip("10.22.1.\($0)")) }
    func all(_ verb: String, _ indexes: Range<Int>) throws -> [RunningProgram] {
      try indexes.map { try host.start(verb, containers[$0], [PortMapping(9000 + $0, 80)]) }
    }
    func succeed(_ verb: String, _ running: [RunningProgram]) throws {
      for program in running { try host.succeed(verb, try program.wait()) }
    }
    // Rules of the program iptables, in chains of its own and in those that it shares with us.
    let script = """
      set -e
      iptables-nft -t nat -N others
      n=0
      while [ ! -e "$0" ]; do
        iptables-nft -t nat -A others -p tcp --dport $((n + 1)) -j RETURN
        iptables-nft -t nat -A PREROUTING -s 198.51.100.$((n % 200)) -j others
        iptables-nft -t nat -I POSTROUTING -s 198.51.100.$((n % 200)) -j others
        if [ $((n % 2)) = 1 ]; then
          iptables-nft -t nat -D others -p tcp --dport $((n + 1)) -j RETURN
          iptables-nft -t nat -D PREROUTING -s 198.51.100.$((n % 200)) -j others
          iptables-nft -t nat -D POSTROUTING -s 198.51.100.$((n % 200)) -j others
        fi
        n=$((n + 1))
      done
      echo $n
      """
    let folder = try TemporaryFolder()
    let others = try host.node.namespace.run {
      try Program("sh").start(
        ["-c", script, "\(folder.path)/end"], environment: ["PATH": Program.standardPath])
    }
    try succeed("ADD", try all("ADD", 0..<64))
    for index in [0, 31, 63] { try host.check(containers[index], PortMapping(9000 + index, 80)) }
    #expect(try host.saved().filter { $0.hasPrefix("-A CNI-HOSTPORT-DNAT ") }.count == 64)
    // Half of them are deleted while the other half is added again.
    let mixed = (try all("DEL", 0..<32), try all("ADD", 32..<64))
    try succeed("DEL", mixed.0)
    try succeed("ADD", mixed.1)
    #expect(try host.saved().filter { $0.hasPrefix(":CNI-DN-") }.count == 32)
    try succeed("DEL", try all("DEL", 0..<64))
    try folder.add("", named: "end")
    let ending = try others.wait()
    #expect(ending.status == 0, "\(ending.errorText)")
    #expect(try host.savedOfContainers() == [])
    let rounds = try #require(Int(ending.outputText.filter(\.isNumber)))
    #expect(rounds > 3)
    let left = try host.saved()
    #expect(left.filter { $0.hasPrefix("-A others ") }.count == (rounds + 1) / 2)
    for chain in ["PREROUTING", "POSTROUTING"] {
      #expect(left.filter { $0.hasPrefix("-A \(chain) -s 198.51.100.") }.count == (rounds + 1) / 2)
    }
    #expect(left.filter { $0.hasSuffix("-j CNI-HOSTPORT-DNAT") }.count == 2)
    #expect(left.filter { $0.hasSuffix("-j CNI-HOSTPORT-MASQ") }.count == 1)
  }

  @Test("64 containers that want the same port at the same time: each keeps its rules, and nothing is left after DEL")
  func onePort() throws {
    let host = try PortmapNode().byIPTables
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let containers = try (0..<64).map { Container(namespace: first.namespace, address: try ip("10.22.1.\($0)")) }
    let adding = try containers.map { try host.start("ADD", $0, [PortMapping(9000, 80)]) }
    for program in adding { try host.succeed("ADD", try program.wait()) }
    #expect(try host.saved().filter { $0.hasPrefix("-A CNI-HOSTPORT-DNAT ") }.count == 64)
    let deleting = try containers.map { try host.start("DEL", $0, [PortMapping(9000, 80)]) }
    for program in deleting { try host.succeed("DEL", try program.wait()) }
    #expect(try host.savedOfContainers() == [])
  }

  @Test("of 32 containers that want the same port with hostPortConflict error, one has it and the others nothing")
  func oneWinner() throws {
    let host = try PortmapNode().byIPTables
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let containers = try (0..<32).map { Container(namespace: first.namespace, address: try ip("10.22.1.\($0)")) }
    let adding = try containers.map {
      try host.start("ADD", $0, [PortMapping(9000, 80)], options: #""hostPortConflict":"error","#)
    }
    let outcomes = try adding.map { try $0.wait() }
    #expect(outcomes.filter { $0.status == 0 }.count == 1)
    #expect(outcomes.filter { errorObject($0)?.code == 100 }.count == 31)
    #expect(try host.saved().filter { $0.hasPrefix("-A CNI-HOSTPORT-DNAT ") }.count == 1)
    #expect(try host.saved().filter { $0.hasPrefix(":CNI-DN-") }.count == 1)
  }

  @Test("plugins that are killed at random instants leave nothing that a DEL does not remove")
  func killed() throws {
    let host = try PortmapNode().byIPTables
    let first = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.add(bystander, PortMapping(7070, 70))
    let before = try AddressFamily.allCases.map { try host.saved($0) }
    let mappings = [PortMapping(9000, 80), PortMapping(9001, 81, "udp"), PortMapping(9002, 82, on: Node.address)]
    var deaths = 0
    for round in 0..<100 {
      let address = try ip("10.22.1.\(round)")
      let container = Container(namespace: first.namespace, address: address, address6: first.address6)
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try host.start(verb, container, mappings)
        usleep(.random(in: 0...6000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try host.succeed("DEL", try host.call("DEL", container, mappings, prevResult: round % 2 == 0))
      #expect(try AddressFamily.allCases.map { try host.saved($0) } == before)
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 20)
  }
}
