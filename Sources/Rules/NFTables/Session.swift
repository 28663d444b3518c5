// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Netlink

/// The connection of one plugin call to nf_tables, for one table.
package struct Session: ~Copyable {
  package let table: Table
  private let socket: NetfilterSocket
  private let set: (String) -> NamedSet?

  /// `set` returns a set of the table by its name; a log needs its types to print elements.
  package init(_ table: Table, naming set: @escaping (String) -> NamedSet? = { _ in nil }) throws(NetlinkError) {
    self.table = table
    self.set = set
    socket = try NetfilterSocket.open()
  }

  /// The state that a change is computed from.
  package struct Snapshot {
    /// The generation of the ruleset; every committed batch of any program raises it.
    package let generation: UInt32
    /// Whether the table is there and not dormant; the chains of a dormant table see no packet.
    package let isTableActive: Bool
    /// The chains that are there, among those that were asked for.
    package let chains: [StoredChain]
    /// The names of the sets that are there, among those that were asked for.
    package let sets: [String]
    /// The elements that are there, among those that were asked for.
    package let elements: StoredElements
    /// The other tables that are there, among those that were asked for.
    package let tables: [Table]
  }

  /// Reads these elements and other objects in a handful of system calls, whatever the ruleset's size.
  package func read(
    chains: [String] = [], sets: [String] = [], elements: [Element.ID], tables: [Table] = []
  ) throws(NetlinkError) -> Snapshot {
    let things = tables.map { $0.get() } + sets.map { table.get(set: $0) }
    let requests = [table.get()] + chains.map { table.get(chain: $0) } + things + elements.map { table.get($0) }
    let (generation, replies) = try ask(requests)
    let found = replies.map { $0.errorNumber == nil }
    let isTable = found.dropFirst(1 + chains.count)
    let isSet = isTable.dropFirst(tables.count)
    let chainReplies = replies.dropFirst().prefix(chains.count).filter { $0.errorNumber == nil }
    let elementReplies = replies.suffix(elements.count).filter { $0.errorNumber == nil }
    return Snapshot(
      generation: generation,
      isTableActive: found[0] && !Table.isDormant(replies[0]),
      chains: chainReplies.compactMap { StoredChain($0) },
      sets: zip(sets, isSet).filter(\.1).map(\.0),
      elements: StoredElements(elementReplies.flatMap { StoredElement.read($0) }),
      tables: zip(tables, isTable).filter(\.1).map(\.0))
  }

  /// The generation of the ruleset.
  package func generation() throws(NetlinkError) -> UInt32 { try ask([]).generation }

  /// Asks for the generation and for objects, each of which may be missing: its reply is then an error.
  private func ask(
    _ requests: [NetlinkMessage]
  ) throws(NetlinkError) -> (generation: UInt32, replies: [NetlinkReply]) {
    let replies = try socket.netlink.executeAll([.getGeneration()] + requests)
    guard replies.count == 1 + requests.count else { throw NetlinkError("read the nftables ruleset", number: EPROTO) }
    for reply in replies.dropFirst() {
      if let failure = reply.failure("read the nftables ruleset"), failure.number != ENOENT { throw failure }
    }
    return (try replies[0].generation(), Array(replies.dropFirst()))
  }

  /// Whether an element is there and is not about to expire.
  package func stays(_ element: Element.ID) throws(NetlinkError) -> Bool {
    try read(elements: [element]).elements.values.contains { $0.timeout == nil }
  }

  // MARK: - Lists

  /// All elements of a set; none if there is no such set. While other programs change the ruleset all the time, this may miss an
  /// element that was just added, but never one that stays.
  package func elements(of set: String, holding pattern: [UInt8]? = nil) throws(NetlinkError) -> [StoredElement] {
    let replies = try list(table.list(elementsOf: set), "list the elements of \(set)", .union)
    return replies.flatMap { StoredElement.read($0, holding: pattern) }
  }

  /// Whether a set has an element that is not about to expire and that `isWanted` accepts; reads no more of the set than needed.
  package func hasElement(
    in set: String, where isWanted: (Element) -> Bool = { _ in true }
  ) throws(NetlinkError) -> Bool {
    var isFound = false
    do throws(NetlinkError) {
      try socket.netlink.dumpOnce(table.list(elementsOf: set), "list the elements of \(set)") { reply in
        isFound = StoredElement.read(reply).contains { $0.timeout == nil && isWanted($0.element) }
        return !isFound
      }
    } catch {
      if error.number != ENOENT { throw error }
    }
    return isFound
  }

  /// All chains of the table.
  package func chains() throws(NetlinkError) -> [StoredChain] {
    try list(table.listChains(), "list the chains").compactMap { StoredChain($0) }.filter { $0.table == table }
  }

  /// All rules of the table, those of each chain in their order.
  package func rules() throws(NetlinkError) -> [StoredRule] { try rules(of: table) }

  /// All rules of another table.
  package func rules(of other: Table) throws(NetlinkError) -> [StoredRule] {
    try list(other.listRules(), "list the rules").compactMap { StoredRule($0) }.filter { $0.isIn(other) }
  }

  /// The names of all sets of the table.
  package func sets() throws(NetlinkError) -> [String] {
    try list(table.listSets(), "list the sets").compactMap { table.setName($0) }
  }

  /// The parts of a dump; none if what it lists does not exist.
  private func list(
    _ request: NetlinkMessage, _ action: String, _ policy: DumpPolicy = .whole
  ) throws(NetlinkError) -> [NetlinkReply] {
    do throws(NetlinkError) {
      return try socket.netlink.dump(request, action, policy)
    } catch {
      if error.number == ENOENT { return [] }
      throw error
    }
  }

  // MARK: - Changes

  /// Sends messages as one batch, which is made whole or not at all; with a generation, only if the ruleset still has it.
  package func commit(_ messages: [NetlinkMessage], generation: UInt32? = nil) throws(NetlinkError) {
    try socket.commit(messages, generation: generation, naming: set)
  }

  /// Lets the kernel check messages as a batch, and changes nothing.
  package func rehearse(_ messages: [NetlinkMessage]) throws(NetlinkError) { try socket.rehearse(messages) }
}
