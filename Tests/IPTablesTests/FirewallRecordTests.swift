// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import OwnTable
import Netlink
import Rules
import TestSupport
import Testing

@testable import IPTables

/// Records of attachments in our own table, which rules in tables of iptables follow.
@Suite(.enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct FirewallRecordTests {
  private let host: Namespace
  private let record = NFTablesFirewall()

  init() throws { host = try Namespace() }

  private func add(_ wanted: ForwardFilterRequest) throws {
    _ = try host.run { try record.apply(wanted) }
  }

  private func remove(_ owner: CNI.Attachment) throws {
    try host.run { try record.remove(ForwardFilterRequest(owner)) }
  }

  /// The names of the sets of our table.
  private func sets() throws -> [String] {
    try host.command("nft", "list", "sets").split(separator: "\n").compactMap { line in
      let words = line.split { $0.isWhitespace }
      return words.first == "set" ? words.dropFirst().first.map(String.init) : nil
    }
  }

  @Test("the record of an attachment is found without its result, and without a table there is none")
  func attachmentRecord() throws {
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .isolated)
    let nobody = try #require(try host.run { try record.record(wanted) })
    #expect(nobody == AttachmentRecord(unrecorded: wanted.accepts.map(\.address)))
    #expect(try host.run { try !record.hasAccepts() && !record.hasRules(of: wanted.attachment) })
    #expect(try sets().isEmpty)
    try add(wanted)
    for hint in [ForwardFilterRequest(wanted.attachment), wanted] {
      let found = try #require(try host.run { try record.record(hint) })
      #expect(Set(found.accepts) == Set(wanted.accepts))
      #expect(found.ports == [RecordedPort(name: "v-net-id", isIsolated: true)])
    }
    let address = try #require(IPAddress("10.22.0.5"))
    #expect(try host.run { try record.hasAccepts() && record.isAccepted(address) && record.isIsolated("cni0") })
    #expect(try host.run { try !record.isAccepted(.loopback6) && !record.isIsolated("cni1") })
    // Without its port a record does not count any more, as after a DEL by upstream's plugin.
    #expect(try host.run { try record.unexplained([address, .loopback6]) } == [address, .loopback6])
    try remove(wanted.attachment)
    #expect(try host.run { try !record.hasAccepts() && !record.isAccepted(address) && !record.isIsolated("cni0") })
  }

  @Test("the unrecorded ports of a bridge are found, and none of a missing bridge")
  func unrecordedPorts() throws {
    #expect(try host.run { try record.unrecordedPorts(on: "cni0") }.isEmpty)
    try host.ip(
      """
      link add cni0 type bridge
      link add cni1 type bridge
      link add v-net-id type veth peer name p0
      link add other type veth peer name p1
      link add elsewhere type veth peer name p2
      link add nowhere type veth peer name p3
      link set v-net-id master cni0
      link set other master cni0
      link set elsewhere master cni1
      """)
    #expect(Set(try host.run { try record.unrecordedPorts(on: "cni0") }) == ["v-net-id", "other"])
    try add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge))
    #expect(try host.run { try record.unrecordedPorts(on: "cni0") } == ["other"])
    #expect(try host.run { try record.unrecordedPorts(on: "cni1") } == ["elsewhere"])
    #expect(try host.run { try record.unrecordedPorts(on: "lo") }.isEmpty)
    // With deletion instead of expiry, as on old kernels, the ports are free at once.
    let old = NFTablesFirewall(expiry: 0)
    try host.run { try old.remove(ForwardFilterRequest(FirewallScene.owner())) }
    #expect(Set(try host.run { try record.unrecordedPorts(on: "cni0") }) == ["v-net-id", "other"])
  }

  /// A container whose rules all go by its bridge.
  private static func onBridge(_ id: String) throws -> ForwardFilterRequest {
    var wanted = try FirewallScene.wanted(FirewallScene.owner(id), [id == "a" ? "10.22.0.5" : "10.22.0.6"], .isolated)
    let denied = DeniedDestinations(
      network: "net", family: .ip, ranges: [AddressRange(first: try #require(IPAddress("10.0.0.0")), end: nil)])
    wanted.untracked = [.bridge("cni0")]
    wanted.restrictions = [Restriction(.bridge("cni0"), denied)]
    return wanted
  }

  @Test(
    "with the last container of a bridge its sets of members are removed, with the shared elements",
    arguments: [false, true])
  func members(collects: Bool) throws {
    for id in ["a", "b"] { try add(try Self.onBridge(id)) }
    func members() throws -> Set<String> { Set(try sets().filter { $0.hasSuffix("_cni0") }) }
    let all = try members()
    #expect(all.count == 4)
    #expect(all.isSuperset(of: ["bridges_cni0", "isolated_bridges_cni0", "tracked_bridges_cni0"]))
    try remove(FirewallScene.owner("a"))
    #expect(try members() == all)
    #expect(try host.run { try record.verify(try Self.onBridge("b")) }.isEmpty)
    if collects {
      try host.run { try record.removeAll(ofNetwork: "net", sparing: []) { _ in } }
    } else {
      try remove(FirewallScene.owner("b"))
    }
    #expect(try members().isEmpty)
    let listed = try host.command("nft", "list", "table", "inet", "swift_cni")
    #expect(!listed.contains("\"cni0\" . \"cni0\""))
  }

  @Test("a container that changes its policy leaves no empty sets of members")
  func changed() throws {
    try add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated))
    try add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge, on: "cni1"))
    #expect(try sets().filter { $0.hasPrefix("bridges_") || $0.hasPrefix("isolated_bridges_") } == ["bridges_cni1"])
    try add(try FirewallScene.wanted())
    #expect(try !sets().contains { $0.hasPrefix("bridges_") || $0.hasPrefix("isolated_bridges_") })
    #expect(try host.run { try record.verify(try FirewallScene.wanted()) }.isEmpty)
  }

  @Test("an ADD that fails restores the sets that it emptied, with their shared elements")
  func failed() throws {
    let former = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated)
    try add(former)
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      try host.run {
        let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6"], .sameBridge, on: "cni1")
        try record.apply(wanted).complete { () throws(CNIError) in throw failure }
      }
    }
    #expect(try host.run { try record.verify(former) }.isEmpty)
    #expect(try !sets().contains { $0.hasSuffix("_cni1") })
  }
}

// MARK: - Damaged and foreign tables

extension FirewallRecordTests {
  /// A container whose rules all go by its veth and its addresses.
  private static func onVeth(network: String = "net") throws -> ForwardFilterRequest {
    var wanted = try FirewallScene.wanted(
      FirewallScene.owner(network: network), [network == "net" ? "10.24.0.5" : "10.23.0.5"])
    let address = try #require(wanted.accepts.first).address
    let denied = DeniedDestinations(
      network: network, family: .ip, ranges: [AddressRange(first: try #require(IPAddress("0.0.0.0")), end: nil)])
    for source in [PacketSource.veth("v-\(network)"), .address(address)] {
      wanted.untracked.append(source)
      wanted.restrictions.append(Restriction(source, denied))
    }
    wanted.acceptMarkBit = 12
    return wanted
  }

  @Test("after a flush of the table another network's ADD makes the rules of those that were there again")
  func flushed() throws {
    let all = [try Self.onVeth(), try Self.onBridge("b")]
    for wanted in all { try add(wanted) }
    try host.command("nft", "flush", "table", "inet", "swift_cni")
    for wanted in all { #expect(try !host.run { try record.verify(wanted) }.isEmpty) }
    try add(try Self.onVeth(network: "other"))
    for wanted in all {
      let problems = try host.run { try record.verify(wanted) }
      #expect(problems == [])
    }
  }

  @Test("nft's listing can be loaded on another host, and is complete there")
  func reloaded() throws {
    let all = [try Self.onVeth(), try Self.onBridge("a"), try Self.onVeth(network: "other")]
    for wanted in all { try add(wanted) }
    let other = try Namespace()
    try other.command("nft", "-f", "-", input: try host.command("nft", "list", "ruleset"))
    for wanted in all {
      let problems = try other.run { try record.verify(wanted) }
      #expect(problems == [])
    }
    try other.run { _ = try record.apply(all[0]) }
    #expect(try other.run { try record.verify(all[0]) } == [])
  }
}

// MARK: - Changes for companions

extension FirewallRecordTests {
  /// A companion without rules that keeps the last change.
  private final class Listener: BatchCompanion {
    private(set) var told: [RecordChange] = []
    private(set) var changed: [RecordChange] = []
    var refusal: CNIError?
    var tables: [Table] = []

    func messages(for change: RecordChange) -> Result<[NetlinkMessage], CNIError> {
      told.append(change)
      return refusal.map { .failure($0) } ?? .success([])
    }

    func batchFailed(_ error: NetlinkError) {}
    func recordChanged(_ change: RecordChange) { changed.append(change) }

    /// The changes, without those that another attempt has repeated.
    var summary: [String] {
      let last = [RecordChange.Kind.add, .undo, .remove].compactMap { kind in told.last { $0.kind == kind } }
      return (last + changed).map { change in
        let lists = [change.claimed, change.released].map { $0.map(\.description).sorted() }
        let freed = change.freed.map { "\($0.bridge) \($0.kind)" }.sorted()
        let isolation = change.isolation.map { "\($0.bridge) \($0.kind)" } ?? ""
        return
          "\(change.kind) \(change.owner) \(lists) \(freed) \(isolation) \(change.wasRecorded) \(change.usesLegacyTables)"
      }
    }
  }

  /// Makes the same call of both records, and returns the changes of each.
  private func both(_ memory: MemoryRecord, _ call: (any FirewallRecord, Listener) throws -> Void) rethrows
    -> [[String]]
  {
    let listeners = [Listener(), Listener()]
    try host.run { try call(record, listeners[0]) }
    try call(memory, listeners[1])
    return listeners.map(\.summary)
  }

  @Test("a removal tells a companion which of its tables are missing, as long as they are")
  func missingTables() throws {
    let owner = FirewallScene.owner("c1")
    let wanted = try FirewallScene.wanted(owner, ["10.22.0.1"], nil, on: "cni0")
    let listener = Listener()
    listener.tables = [IPTable(.filter, .ip).nftables, IPTable(.filter, .ip6).nftables]
    try host.run { try record.remove(wanted, joining: listener) }
    #expect(listener.told.last?.missingTables == listener.tables)
    try host.command("nft", "add table ip filter")
    try host.run { try record.remove(wanted, joining: listener) }
    #expect(listener.told.last?.missingTables == [listener.tables[1]])
    try host.command("nft", "add table ip6 filter")
    try host.run { try record.remove(wanted, joining: listener) }
    #expect(listener.told.last?.missingTables == [])
  }

  @Test("the record in memory reports the same changes to companions as our own table", arguments: 1...4)
  func sameChanges(seed: UInt64) throws {
    let memory = MemoryRecord()
    var numbers = SeededNumbers(seed: seed)
    let failure = CNIError(.inputOutput, "no")
    for _ in 0..<40 {
      let owner = FirewallScene.owner("c\(Int.random(in: 0..<3, using: &numbers))")
      let addresses = ["10.22.0.1", "10.22.0.2", "10.22.0.3", "fd00::1"].filter { _ in Bool.random(using: &numbers) }
      let kinds: [Isolation.Kind?] = [nil, .sameBridge, .isolated]
      let kind = kinds[Int.random(in: 0..<3, using: &numbers)]
      let bridge = Bool.random(using: &numbers) ? "cni0" : "cni1"
      var wanted = try FirewallScene.wanted(owner, addresses, kind, on: bridge)
      wanted.usesLegacyTables = Bool.random(using: &numbers)
      let told: [[String]]
      switch Int.random(in: 0..<4, using: &numbers) {
      case 0:
        told = try both(memory) { try $0.remove(wanted, joining: $1) }
      case 1:
        told = both(memory) { record, listener in
          #expect(throws: failure) {
            try record.apply(wanted, joining: listener).complete { () throws(CNIError) in throw failure }
          }
        }
      default:
        told = try both(memory) { _ = try $0.apply(wanted, joining: $1) }
      }
      #expect(told[0] == told[1])
      if told[0] != told[1] { return }
    }
  }

  @Test("an error of a companion fails the call, and the record stays as it was", arguments: ["ADD", "DEL"])
  func refused(verb: String) throws {
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated)
    let isThere = verb == "DEL"
    if isThere { try add(wanted) }
    let listener = Listener()
    let refusal = CNIError(.kernelRefused, "no table")
    listener.refusal = refusal
    #expect(throws: refusal) {
      try host.run {
        if isThere {
          try record.remove(ForwardFilterRequest(wanted.attachment), joining: listener)
        } else {
          _ = try record.apply(wanted, joining: listener)
        }
      }
    }
    #expect(try host.run { try record.hasRules(of: wanted.attachment) } == isThere)
    #expect(listener.changed.isEmpty)
  }
}
