// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import IPTables
import IPTablesLegacy
import TestSupport
import Testing

@Suite(
  "rules of iptables-legacy: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct LegacyCrowdTests {
  private static let table = IPTable(.nat, .ip)

  private func failure(_ body: () throws -> Void) throws -> CNIError? {
    do {
      try body()
      return nil
    } catch let error as CNIError {
      return error
    }
  }

  /// Starts a program that holds the host's lock for a time, and returns when it has the lock.
  private func holdLock(_ host: LegacyHost, seconds: String) throws -> RunningProgram {
    let holder = try Program("flock").start(
      ["--no-fork", host.lockFile, "sleep", seconds], environment: ["PATH": Program.standardPath])
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while clock.now < deadline {
      let file = open(host.lockFile, O_RDONLY | O_CLOEXEC)
      defer { close(file) }
      if file >= 0, flock(file, LOCK_EX | LOCK_NB) != 0 { return holder }
      usleep(1000)
    }
    throw CommandFailure(words: ["flock"], outcome: try holder.wait())
  }

  @Test("as long as another program has the lock nothing is read or changed, and an error names the file")
  func locked() throws {
    let host = try LegacyHost()
    let holder = try holdLock(host, seconds: "60")
    let clock = ContinuousClock()
    let begin = clock.now
    let error = try failure {
      try host.change(Self.table, milliseconds: 300) { (edit) throws(CNIError) in try edit.ensureChain("A") }
    }
    let time = clock.now - begin
    #expect(error?.code == .tryAgainLater)
    #expect(
      error?.message
        == "change iptables table nat: another program has held the lock \(host.lockFile) for 0.3 s")
    #expect(time >= .milliseconds(299) && time < .seconds(10))
    #expect(host.namespace.run { !LegacyTransport().mayHold(IPTable(.nat, .ip)) })
    holder.kill()
    _ = try holder.wait()
  }

  @Test("when the lock is released the change is made; a missing lock file is made, for its owner alone")
  func released() throws {
    let host = try LegacyHost()
    let holder = try holdLock(host, seconds: "0.5")
    let begin = ContinuousClock.now
    try host.change(Self.table) { (edit) throws(CNIError) in try edit.ensureChain("A") }
    #expect(ContinuousClock.now - begin >= .milliseconds(300))
    _ = try holder.wait()
    #expect(try host.save(Self.table).contains(":A - [0:0]"))

    let fresh = try LegacyHost()
    try fresh.change(Self.table) { (edit) throws(CNIError) in try edit.ensureChain("A") }
    var status = stat()
    #expect(stat(fresh.lockFile, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o600)
    #expect(status.st_size == 0)
  }

  @Test("a lock that cannot be opened is an error")
  func unusable() throws {
    let host = try LegacyHost()
    let error = try host.namespace.run {
      try failure {
        try LegacyTransport(lockFile: "/nonexistent/lock").change(Self.table) { (edit) throws(CNIError) in
          try edit.ensureChain("A")
        }
      }
    }
    #expect(
      error
        == CNIError(
          .inputOutput, "change iptables table nat: open /nonexistent/lock: No such file or directory"))
  }

  @Test(
    "a table that is changed without the lock meanwhile is read and changed again", arguments: LegacyWriter.allCases)
  func again(writer: LegacyWriter) throws {
    let host = try LegacyHost(writer)
    var rounds = 0
    try host.change(Self.table) { (edit) throws(CNIError) in
      rounds += 1
      try edit.ensureChain("Ours")
      if rounds == 1 { _ = try? host.legacy(.ip, ["-t", "nat", "-N", "Theirs"], lockFile: host.lockFile + "2") }
    }
    #expect(rounds == 2)
    #expect(try host.save(Self.table).filter { $0.hasSuffix("- [0:0]") } == [":Ours - [0:0]", ":Theirs - [0:0]"])

    let error = try failure {
      try host.change(Self.table) { (edit) throws(CNIError) in
        edit.append(IPTablesRule(target: .return), to: "Ours")
        let words = ["-t", "nat", "-A", "Theirs", "-j", "RETURN"]
        _ = try? host.legacy(.ip, words, lockFile: host.lockFile + "2")
      }
    }
    #expect(error?.code == .tryAgainLater)
    #expect(try !host.save(Self.table).contains { $0.contains("-A Ours") })
  }

  @Test(
    "32 writers at once, half of them iptables-legacy: no change is lost, and no other rule is there",
    arguments: LegacyWriter.allCases)
  func crowd(writer: LegacyWriter) async throws {
    let host = try LegacyHost(writer)
    try host.legacy(.ip, ["-w", "-t", "nat", "-N", "All"])
    try await withThrowingTaskGroup { group in
      for member in 0..<32 {
        group.addTask {
          try await onOwnThread {
            for round in 0..<8 {
              if member % 2 == 0 {
                try Self.useOurs(host, member, round)
              } else {
                try Self.useTheirs(host, member, round)
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    var expected: [String] = []
    for member in 0..<32 {
      expected.append(":C\(member) - [0:0]")
      for round in stride(from: 0, to: 8, by: 2) {
        expected += [
          "[0:0] -A All -s 10.0.\(member).\(round)/32 -j RETURN",
          "[0:0] -A C\(member) -j MARK --set-xmark 0x\(round)/0xffffffff",
        ]
      }
    }
    let lines = try host.save(Self.table).filter { $0.hasPrefix(":C") || $0.contains("-A") }
    #expect(lines.sorted() == expected.sorted())
  }

  /// Adds a rule to a shared chain and one to a chain of its own, and removes both in every second round.
  private static func useOurs(_ host: LegacyHost, _ member: Int, _ round: Int) throws {
    let shared = try IPTablesRule(["-s", "10.0.\(member).\(round)/32"], .ip)
    let own = IPTablesRule(target: .mark(MarkTarget(UInt32(round), mask: .max)))
    try host.change(table) { (edit) throws(CNIError) in
      try edit.ensureChain("C\(member)")
      try edit.ensure(shared, in: "All", atStart: round % 4 == 0)
      edit.append(own, to: "C\(member)")
    }
    if round % 2 == 0 { return }
    try host.change(table) { (edit) throws(CNIError) in
      for (chain, rule) in [("All", shared), ("C\(member)", own)] {
        for placed in try edit.rules(of: chain) ?? [] where placed.rule == rule { edit.remove(placed, from: chain) }
      }
    }
  }

  private static func useTheirs(_ host: LegacyHost, _ member: Int, _ round: Int) throws {
    func run(_ words: String...) throws { try host.legacy(.ip, ["-w", "-t", "nat"] + words) }
    if round == 0 { try run("-N", "C\(member)") }
    for verb in round % 2 == 0 ? ["-A"] : ["-A", "-D"] {
      try run(verb, "All", "-s", "10.0.\(member).\(round)/32", "-j", "RETURN")
      try run(verb, "C\(member)", "-j", "MARK", "--set-mark", "\(round)")
    }
  }
}
