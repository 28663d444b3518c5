// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

@Suite("firewall: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallCrowdTests {
  private static let options = #""ingressPolicy":"same-bridge","#

  /// Rules of the program iptables, in a chain of its own and in the one that it shares with us.
  private static let script = """
    set -e
    iptables -w -N others
    n=0
    while [ ! -e "$0" ]; do
      iptables -w -A others -p tcp --dport $((n + 1)) -j RETURN
      iptables -w -A FORWARD -s 198.51.100.$((n % 200)) -j others
      iptables -w -I FORWARD -d 198.51.100.$((n % 200)) -j others
      if [ $((n % 2)) = 1 ]; then
        iptables -w -D others -p tcp --dport $((n + 1)) -j RETURN
        iptables -w -D FORWARD -s 198.51.100.$((n % 200)) -j others
        iptables -w -D FORWARD -d 198.51.100.$((n % 200)) -j others
      fi
      n=$((n + 1))
    done
    echo $n
    """

  @Test(
    "64 containers come and go while the program iptables adds and removes rules: nothing is lost on either side",
    arguments: FirewallNode.Place.allCases)
  func crowd(place: FirewallNode.Place) throws {
    let programs = try IPTablesPrograms(place.variant)
    var host = try FirewallNode().at(place)
    host.environment.merge(programs.environment) { $1 }
    let bridged = [
      try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5"),
      try host.node.addContainer(ip: "10.23.0.5", network: .second),
    ]
    let containers = try (0..<96).map { number in
      let first = bridged[number % 2]
      return Container(
        namespace: first.namespace, address: try ip("10.22.1.\(number)"), address6: try ip("fd00:22::1:\(number)"),
        network: first.network)
    }
    func all(_ verb: String, _ indexes: Range<Int>) throws -> [RunningProgram] {
      try indexes.map { try host.start(verb, containers[$0], options: Self.options) }
    }
    func succeed(_ verb: String, _ running: [RunningProgram]) throws {
      for program in running {
        let outcome = try program.wait()
        if outcome.status != 0 { throw CommandFailure(words: ["firewall", verb], outcome: outcome) }
      }
    }
    func checkEach(_ indexes: Range<Int>) throws {
      for index in indexes { try host.succeed("CHECK", containers[index], options: Self.options) }
      let accepts = try host.state().filter { line in
        place == .nftables ? line.hasPrefix("containers") : line.hasSuffix("-j ACCEPT")
      }
      #expect(accepts.count == indexes.count * (place == .nftables ? 2 : 4))
    }
    // The constant parts are there before.
    try host.succeed("ADD", bridged[0])
    try host.succeed("DEL", bridged[0])
    let isOthers = { (line: String) in line.contains("others") }
    let before = try host.state()
    let folder = try TemporaryFolder()
    let others = try host.node.namespace.run {
      try Program("sh").start(["-c", Self.script, "\(folder.path)/end"], environment: programs.environment)
    }
    try succeed("ADD", try all("ADD", 0..<64))
    try checkEach(0..<64)
    let mixed = (try all("DEL", 0..<32), try all("ADD", 64..<96))
    try succeed("DEL", mixed.0)
    try succeed("ADD", mixed.1)
    try checkEach(32..<96)
    try succeed("DEL", try all("DEL", 32..<96))
    try folder.add("", named: "end")
    let ending = try others.wait()
    #expect(ending.status == 0, "\(ending.errorText)")

    // On each bridge one veth stands for those of all containers, so DEL cannot tell it from one of upstream's container; GC can.
    try host.collectGarbage(FirewallNode.valid())
    let left = try host.state()
    #expect(changes(from: before, to: left.filter { !isOthers($0) }) == [])
    let rounds = try #require(Int(ending.outputText.filter(\.isNumber)))
    #expect(rounds > 3)
    let theirs = try host.saved(place.variant).filter(isOthers)
    for beginning in ["-A others ", "-A FORWARD -s 198.51.100.", "-A FORWARD -d 198.51.100."] {
      #expect(theirs.filter { $0.hasPrefix(beginning) }.count == (rounds + 1) / 2)
    }
  }
}
