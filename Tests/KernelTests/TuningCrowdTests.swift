// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite("tuning: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct TuningCrowdTests {
  private let host: Namespace
  private let folder: TemporaryFolder
  private var dataDirectory: String { "\(folder.path)/tuning" }

  init() throws {
    host = try Namespace()
    folder = try TemporaryFolder()
  }

  @Test("32 containers tuned and put back at the same time: each has its own values, and nothing is left")
  func crowd() throws {
    let containers = try (0..<32).map { try container("10.22.1.\($0)") }
    let before = try containers.map(state)
    func all(_ verb: String, _ indexes: Range<Int>) throws -> [RunningProgram] {
      try indexes.map { try start(verb, containers[$0], members($0)) }
    }
    try succeed("ADD", try all("ADD", 0..<32))
    #expect(try backups().count == 32)
    for (index, container) in containers.enumerated() {
      #expect(try container.namespace.command("ip", "link").contains("mtu \(1300 + index) "))
      #expect(try container.namespace.sysctl("net/core/somaxconn") == "\(500 + index)")
    }
    try succeed("CHECK", try all("CHECK", 0..<32))
    // Half of them are restored while the other half is tuned again.
    let mixed = (try all("DEL", 0..<16), try all("ADD", 16..<32))
    try succeed("DEL", mixed.0)
    try succeed("ADD", mixed.1)
    #expect(try backups().count == 16)
    try succeed("DEL", try all("DEL", 0..<32))
    #expect(try containers.map(state) == before)
    #expect(try backups() == [])
  }

  @Test("the interfaces of one container tuned and put back at the same time do not mix")
  func interfaces() throws {
    let first = try container("10.22.1.1")
    let containers = try (0..<16).map { index in
      try first.namespace.ip("link add net\(index) type veth peer name peer\(index)")
      return Container(
        namespace: first.namespace, id: first.id, ifName: "net\(index)", address: try ip("10.22.2.\(index)"))
    }
    let before = try state(first)
    try succeed("ADD", try containers.indices.map { try start("ADD", containers[$0], #""mtu":\#(1300 + $0),"#) })
    for (index, container) in containers.enumerated() {
      #expect(
        try container.namespace.command("ip", "link", "show", "dev", container.ifName).contains("mtu \(1300 + index) "))
    }
    #expect(try backups().count == 16)
    try succeed("DEL", try containers.map { try start("DEL", $0, "") })
    #expect(try state(first) == before)
    #expect(try backups() == [])
  }

  @Test("the same ADD many times at once: all succeed, and DEL puts the first values back")
  func sameContainer() throws {
    let container = try container("10.22.1.1")
    let before = try state(container)
    for round in 0..<12 {
      try succeed("ADD", try (0..<8).map { _ in try start("ADD", container, members(round)) })
      try succeed("CHECK", [try start("CHECK", container, members(round))])
      #expect(try backups().count == 1)
      try succeed("DEL", [try start("DEL", container, members(round))])
      #expect(try state(container) == before)
      #expect(try backups() == [])
    }
  }

  @Test("the same ADD many times at once: also where one fails, DEL puts the first values back")
  func sameContainerEnd() throws {
    let container = try container("10.22.1.1")
    let before = try state(container)
    for round in 0..<12 {
      let adding = try (0..<8).map { _ in try start("ADD", container, members(round)) }
      for program in adding { _ = try program.wait() }
      try succeed("DEL", [try start("DEL", container, members(round))])
      #expect(try state(container) == before)
      #expect(try backups() == [])
    }
  }

  @Test("plugins that are killed at random instants leave nothing that a DEL does not put back")
  func killed() throws {
    let container = try container("10.22.1.1")
    let before = try state(container)
    var deaths = 0
    for round in 0..<150 {
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try start(verb, container, members(round))
        usleep(.random(in: 0...6000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try succeed("DEL", [try start("DEL", container, round % 2 == 0 ? members(round) : #""mtu":1300,"#)])
      #expect(try state(container) == before)
      #expect(try backups() == [])
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 30)
  }

  /// A container with an interface that leads nowhere.
  private func container(_ address: String) throws -> Container {
    let container = Container(namespace: try Namespace(), address: try ip(address))
    try container.namespace.ip("link add eth0 type veth peer name peer")
    return container
  }

  /// Everything that can be tuned and restored, with values that depend on a number.
  private func members(_ number: Int) -> String {
    let (a, b) = (String(number / 10 % 10), String(number % 10))
    return """
      "sysctl":{"net.core.somaxconn":"\(500 + number)","net.ipv4.conf.IFNAME.arp_filter":"1"},"restoreSysctl":true,\
      "mac":"02:ab:00:00:00:\(a)\(b)","mtu":\(1300 + number),"promisc":true,"allmulti":true,"txQLen":\(77 + number),\
      "linkAlias":"web \(number)","group":\(5 + number),"ethtool":{"tx-checksumming":false,"rx-gro":true},
      """
  }

  private func start(_ verb: String, _ container: Container, _ members: String) throws -> RunningProgram {
    let own = #""dataDir":"\#(dataDirectory)",\#(members)"#
    let config = pluginConfig("tuning", "test", "1.0.0", own, container.prevResult)
    return try host.run {
      try installedProgram("tuning").start(environment: container.environment(verb), input: config)
    }
  }

  private func succeed(_ verb: String, _ running: [RunningProgram]) throws {
    for outcome in try running.map({ try $0.wait() }) where outcome.status != 0 {
      throw CommandFailure(words: ["tuning", verb], outcome: outcome)
    }
  }

  /// The tunable state of a container, from the kernel.
  private func state(_ container: Container) throws -> [String] {
    let inside = container.namespace
    return [
      try inside.command("ip", "-details", "link"), try inside.command("ethtool", "-k", container.ifName),
      try inside.sysctl("net/core/somaxconn"), try inside.sysctl("net/ipv4/conf/\(container.ifName)/arp_filter"),
    ]
  }

  /// The names of all files in the folder for backups, also of incomplete ones.
  private func backups() throws -> [String] {
    let folder = try Folder.open(dataDirectory)
    return try folder?.names() ?? []
  }
}
