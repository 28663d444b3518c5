// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("bandwidth: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthCrowdTests {
  @Test("32 containers added and deleted at the same time: all are shaped, and nothing is left")
  func crowd() throws {
    let scene = try BandwidthScene()
    let containers = try (0..<32).map { try scene.node.addContainer(ip: "10.22.1.\($0)") }
    let before = try scene.state()
    func all(_ verb: String, _ indexes: Range<Int>) throws -> [RunningProgram] {
      try indexes.map { index in
        // Each container has other rates.
        let subnets = index % 2 == 0 ? "" : #""unshapedSubnets":["192.0.2.0/24"],"#
        return try scene.start(verb, subnets + BandwidthScene.both, .init(container: containers[index]))
      }
    }
    func succeed(_ verb: String, _ running: [RunningProgram]) throws {
      for program in running {
        let outcome = try program.wait()
        if outcome.status != 0 { throw CommandFailure(words: ["bandwidth", verb], outcome: outcome) }
      }
    }
    try succeed("ADD", try all("ADD", 0..<32))
    #expect(try scene.ifbs().count == 32)
    try succeed("CHECK", try all("CHECK", 0..<32))
    // Half of them are deleted while the other half is added again.
    let mixed = (try all("DEL", 0..<16), try all("ADD", 16..<32))
    try succeed("DEL", mixed.0)
    try succeed("ADD", mixed.1)
    #expect(try scene.ifbs().count == 16)
    try succeed("CHECK", try all("CHECK", 16..<32))
    try succeed("DEL", try all("DEL", 0..<32))
    try scene.requireUnchanged(since: before)
    for container in containers {
      #expect(
        try scene.node.namespace.command("tc", "qdisc", "show", "dev", container.hostInterface).contains("noqueue"))
    }
  }

  @Test("the same container added eight times at the same time is shaped once, and nothing is left")
  func sameContainer() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    for _ in 1...5 {
      // A late call may fail, but what it leaves must be complete, or be repaired by the next call.
      for program in try (0..<8).map({ _ in try scene.start("ADD") }) { _ = try program.wait() }
      try scene.succeed("ADD")
      try scene.succeed("CHECK")
      #expect(try scene.ifbs().count == 1)
      for program in try (0..<8).map({ _ in try scene.start("DEL") }) {
        let outcome = try program.wait()
        #expect(outcome.status == 0, "\(outcome.outputText)")
      }
      try scene.requireUnchanged(since: before)
    }
  }

  @Test("plugins that are killed at random instants leave nothing that a DEL does not remove")
  func killed() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let unshaped = #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"# + BandwidthScene.both
    var deaths = 0
    for round in 0..<60 {
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try scene.start(verb, round % 2 == 0 ? BandwidthScene.both : unshaped)
        usleep(.random(in: 0...6000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try scene.succeed("DEL", "", .init(prevResult: round % 4 < 2 ? nil : .some(nil)))
      try scene.requireUnchanged(since: before, "round \(round)")
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 15)
  }
}
