// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import OS
import TestSupport
import Testing

@Suite(
  "portmap on a host with iptables-legacy",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapLegacyHostTests {
  private let host: PortmapNode

  init() throws { host = try PortmapNode(programs: IPTablesPrograms(.legacy)) }

  /// The names of the present tables.
  private func tables() throws -> [String] {
    try AddressFamily.allCases.flatMap { family in
      let file = "/proc/net/\(family == .ip ? "ip" : "ip6")_tables_names"
      return try host.node.namespace.command("cat", file).split(separator: "\n").map { "\(family.title) \($0)" }
    }
  }

  /// Rules like kube-proxy's for this many services.
  private func addForeignRules(_ count: Int) throws {
    var lines = ["*nat"] + (0..<count / 10).map { ":KUBE-SVC-\($0) - [0:0]" }
    for number in 0..<count {
      lines.append(
        "-A KUBE-SVC-\(number % (count / 10)) -s 10.\(number >> 8).\(number & 255).0/24 -p tcp -m tcp --dport 80"
          + " -j DNAT --to-destination 10.0.0.1:80")
    }
    try host.node.namespace.command("iptables-legacy-restore", input: (lines + ["COMMIT", ""]).joined(separator: "\n"))
  }

  @Test("STATUS makes no table for any variant, and finds what ADD needs")
  func status() throws {
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for variant in ["legacy", "nft"] {
      for options in ["", #""conditionsV4":["-m","mark","--mark","1"],"#] {
        let members = #""backend":"iptables","iptablesVariant":"\#(variant)","# + options
        try host.succeed(
          "STATUS", try host.call("STATUS", container, options: members, prevResult: false, version: "1.1.0"))
      }
    }
    // CHECK of a container that was never added makes no table either.
    #expect(errorObject(try host.byIPTables.call("CHECK", container, [PortMapping(8080, 80)]))?.code == 102)
    #expect(try tables() == [])
    #expect(try host.ruleset() == "")
    // STATUS changes nothing in present tables.
    try host.byIPTables.add(container, PortMapping(8080, 80))
    let (before, names) = (try host.saved(), try tables())
    try host.succeed("STATUS", try host.byIPTables.call("STATUS", container, prevResult: false, version: "1.1.0"))
    #expect(try host.saved() == before)
    #expect(try tables() == names)
  }

  @Test("DEL and GC of the nftables backend do not wait for the lock of iptables, whoever holds it")
  func lock() throws {
    try addForeignRules(2000)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.byNFTables.add(container, PortMapping(8080, 80))
    try withoutTheLock {
      try host.byNFTables.delete(container, PortMapping(8080, 80))
      try host.byNFTables.delete(container)
      let collected = try host.byNFTables.call(
        "GC", container, options: #""cni.dev/valid-attachments":[],"#, prevResult: false, version: "1.1.0")
      try host.succeed("GC", collected)
    }
  }

  @Test("DEL and GC of the nftables backend do not read a table of 20,000 foreign rules")
  func foreignRules() throws {
    try addForeignRules(20_000)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.byNFTables.add(container, PortMapping(8080, 80))
    let folder = try TemporaryFolder()
    var traced = host.byNFTables
    let words = "-qq -e trace=getsockopt,setsockopt -o \(folder.path)/trace"
    traced.program = Program(
      try folder.addScript(
        "PATH=\(Program.standardPath) exec strace \(words) \(PortmapNode.program.path) portmap", named: "portmap"))
    for (verb, members) in [("DEL", ""), ("GC", #""cni.dev/valid-attachments":[],"#)] {
      let version = verb == "GC" ? "1.1.0" : "1.0.0"
      let outcome = try traced.call(verb, container, [PortMapping(8080, 80)], options: members, version: version)
      try traced.succeed(verb, outcome)
      let trace = try FileDescriptor.open("\(folder.path)/trace").readAll()
      let reads = String(decoding: trace, as: UTF8.self).split(separator: "\n").filter { $0.contains("_GET_ENTRIES") }
      // The kernel has stopped at the end of the readable memory.
      #expect(!reads.isEmpty && reads.allSatisfy { $0.hasSuffix("= -1 EFAULT (Bad address)") })
    }
    #expect(try host.elements() == [])
  }

  @Test("the last DEL in iptables-nft ends the guard without the lock, although there is a foreign legacy filter table")
  func lockOfFilter() throws {
    try host.node.namespace.command(
      "iptables-legacy-restore", input: "*filter\n-A INPUT -s 198.51.100.1 -j DROP\nCOMMIT\n")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.byIPTables(.nft).add(container, PortMapping(8080, 80))
    #expect(try host.node.namespace.sysctl("net/ipv4/conf/cni0/route_localnet") == "1")
    try withoutTheLock { try host.byIPTables(.nft).delete(container, PortMapping(8080, 80)) }
    #expect(try host.node.namespace.sysctl("net/ipv4/conf/cni0/route_localnet") == "0")
    #expect(try !host.ruleset().contains("cni0"))
  }

  /// Runs `body` while another program has the lock, for which a plugin would wait 10 s.
  private func withoutTheLock(_ body: () throws -> Void) throws {
    let file = try #require(host.programs?.environment["XTABLES_LOCKFILE"])
    let descriptor = open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
    let begin = ContinuousClock.now
    try body()
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test("DEL and GC of the nftables backend remove what upstream left in a legacy table")
  func upstreamsRules() throws {
    try addForeignRules(100)
    let before = try host.saved()
    let containers = try (5..<7).map { try host.node.addContainer(ip: "10.22.0.\($0)") }
    for (index, container) in containers.enumerated() {
      try host.byUpstream.add(container, PortMapping(8080 + index, 80))
    }
    try host.byNFTables.delete(containers[0])
    let collected = try host.byNFTables.call(
      "GC", containers[1], options: #""cni.dev/valid-attachments":[],"#, prevResult: false, version: "1.1.0")
    try host.succeed("GC", collected)
    #expect(try host.savedOfContainers() == [])
    #expect(try host.saved().filter { $0.contains("KUBE") } == before.filter { $0.contains("KUBE") })
  }

  @Test("5,000 ports of one container are added, CHECKed and deleted")
  func thousands() throws {
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let mappings = (0..<5000).map { PortMapping(10_000 + $0, 10_000 + $0) }
    let begin = ContinuousClock.now
    try host.byIPTables.succeed("ADD", container, mappings)
    try host.byIPTables.succeed("CHECK", container, mappings)
    let lines = try host.savedOfContainers()
    #expect(lines.count { $0.contains("-j DNAT --to-destination 10.22.0.5:") } == 5000)
    #expect(lines.count { $0.hasPrefix("-A CNI-HOSTPORT-DNAT") } == 334)
    try host.byIPTables.succeed("DEL", container, mappings)
    #expect(try host.savedOfContainers() == [])
    // It takes half a second; with a copy of the chain for each of its rules the ADD alone took seven.
    #expect(ContinuousClock.now - begin < .seconds(6))
  }
}
