// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNI
import Glibc
import Netlink

/// The kernel's nf_tables, as one call of a plugin talks to it.
struct Session: ~Copyable {
  private let socket: NetfilterSocket

  init() throws(NetlinkError) { socket = try NetfilterSocket.open() }

  /// What a change is computed from.
  struct Snapshot {
    /// The number of the ruleset; every committed batch of anybody raises it.
    let generation: UInt32
    /// Whether our table is there and is not dormant, in which case its chains see no packet.
    let isTableActive: Bool
    /// The chains that are there, among those that were asked for.
    let chains: [StoredChain]
    /// The names of the sets that are there, among those that were asked for.
    let sets: [String]
    /// The elements that are there, among those that were asked for.
    let elements: StoredElements
    /// The foreign tables that are there, among those that were asked for.
    let tables: [ForeignTable]
  }

  /// Reads what stands at these places, in a handful of system calls whatever the ruleset's size.
  func read(
    chains: [String] = [], sets: [String] = [], places: [Element.Place], tables: [ForeignTable] = []
  ) throws(NetlinkError) -> Snapshot {
    let things = tables.map { $0.get() } + sets.map { SetObject.get($0) }
    let requests = [Table.get()] + chains.map { Chain.get($0) } + things + places.map { Element.get($0) }
    let (generation, answers) = try ask(requests)
    let found = answers.map { $0.errorNumber == nil }
    let isTable = found.dropFirst(1 + chains.count)
    let isSet = isTable.dropFirst(tables.count)
    let chainAnswers = answers.dropFirst().prefix(chains.count)
    let elementAnswers = answers.suffix(places.count).filter { $0.errorNumber == nil }
    return Snapshot(
      generation: generation,
      isTableActive: found[0] && !Table.isDormant(answers[0]),
      chains: chainAnswers.compactMap { StoredChain($0) },
      sets: zip(sets, isSet).filter(\.1).map(\.0),
      elements: StoredElements(elementAnswers.flatMap { Element.read($0) }),
      tables: zip(tables, isTable).filter(\.1).map(\.0))
  }

  /// Asks for things of which each may be there, or else is answered by an error; and for the ruleset's number.
  private func ask(
    _ requests: [NetlinkMessage]
  ) throws(NetlinkError) -> (generation: UInt32, answers: [NetlinkReply]) {
    let answers = try socket.netlink.executeAll([NetlinkMessage(nft: NFT_MSG_GETGEN, family: 0)] + requests)
    guard answers.count == 1 + requests.count else { throw NetlinkError("read the nftables ruleset", number: EPROTO) }
    // The answer to a message of a subsystem that is not there.
    if answers[0].errorNumber == EINVAL {
      throw NetlinkError("read the nftables ruleset", number: EINVAL, explanation: NetlinkError.noTables)
    }
    for answer in answers {
      if let failure = answer.failure("read the nftables ruleset"), failure.number != ENOENT { throw failure }
    }
    let generation = answers[0].attributes(after: 4)[Int(NFTA_GEN_ID.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
    guard let generation else { throw NetlinkError("read the generation of the nftables ruleset", number: EPROTO) }
    return (generation, Array(answers.dropFirst()))
  }

  /// Whether an element is there and is not about to expire.
  func stays(_ place: Element.Place) throws(NetlinkError) -> Bool {
    try ask([Element.get(place)]).answers.contains { answer in
      answer.errorNumber == nil && Element.read(answer).contains { $0.timeout == nil }
    }
  }

  /// All elements of a set; none if there is no such set. On a host whose rules change all the time this may miss what
  /// has just come, never what stays.
  func elements(of set: String, holding pattern: [UInt8]? = nil) throws(NetlinkError) -> [StoredElement] {
    let replies = try list(Element.list(set), "list the elements of \(set)", .union)
    return replies.flatMap { Element.read($0, holding: pattern) }
  }

  /// Whether a set has an element that stays and is at none of these places; reads no more of it than that takes.
  func hasElement(in set: String, besides places: Places) throws(NetlinkError) -> Bool {
    var isFound = false
    do throws(NetlinkError) {
      // What is not read to its end would be in the way of what this socket is asked next.
      try NetfilterSocket.open().netlink.dumpOnce(Element.list(set), "list the elements of \(set)") { reply in
        isFound = Element.read(reply).contains { $0.timeout == nil && !places.contains($0.element.place) }
        return !isFound
      }
    } catch {
      if error.number != ENOENT { throw error }
    }
    return isFound
  }

  /// Whether a set has such an element that stays; reads no more of it than that takes, after which nothing else can be asked.
  consuming func hasElement(in set: String, where isWanted: (Element) -> Bool) throws(NetlinkError) -> Bool {
    var isFound = false
    do throws(NetlinkError) {
      try socket.netlink.dumpOnce(Element.list(set), "list the elements of \(set)") { reply in
        isFound = Element.read(reply).contains { $0.timeout == nil && isWanted($0.element) }
        return !isFound
      }
    } catch {
      if error.number != ENOENT { throw error }
    }
    return isFound
  }

  /// All chains of our table.
  func storedChains() throws(NetlinkError) -> [StoredChain] {
    try list(Chain.list(), "list the chains").compactMap { StoredChain($0) }
  }

  /// The names of all chains of our table.
  func chains() throws(NetlinkError) -> [String] { try storedChains().map(\.name) }

  /// All rules of our table, those of each chain in their order.
  func rules() throws(NetlinkError) -> [StoredRule] {
    try list(RuleObject.list(), "list the rules").compactMap { StoredRule($0) }
  }

  /// The names of all sets of our table.
  func sets() throws(NetlinkError) -> [String] {
    try list(SetObject.list(), "list the sets").compactMap { SetObject.read($0) }
  }

  /// The parts of a dump; none if what it lists does not exist.
  func list(
    _ request: NetlinkMessage, _ action: String, _ policy: DumpPolicy = .whole
  ) throws(NetlinkError) -> [NetlinkReply] {
    do throws(NetlinkError) {
      return try socket.netlink.dump(request, action, policy)
    } catch {
      if error.number == ENOENT { return [] }
      throw error
    }
  }

  /// Sends messages as one change that is made whole or not at all. With a generation, only if that still is the
  /// ruleset's.
  func commit(_ messages: [NetlinkMessage], generation: UInt32? = nil) throws(NetlinkError) {
    try socket.commit(messages, generation: generation)
  }

  /// Lets the kernel check messages as if they were to be made, and changes nothing.
  func rehearse(_ messages: [NetlinkMessage]) throws(NetlinkError) { try socket.rehearse(messages) }
}

extension NetlinkError {
  /// Whether the same change may succeed if it is computed anew from what the kernel has now: `ERESTART` says that the
  /// generation has passed.
  var isTransient: Bool { [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS].contains(number) }

  /// How often a change may be attempted that fails so, though it may fail for good: somebody was faster with the same
  /// elements, or removed the table, or the kernel lacks something and looks for a module each time.
  var maxAttempts: Int {
    switch number {
    case EEXIST: 50
    case ENOENT: 5
    default: 1
    }
  }

  /// Whether the kernel has no nf_tables at all, and so nothing that we could have made.
  var isNFTablesMissing: Bool {
    number == EPROTONOSUPPORT || number == EINVAL && explanation == NetlinkError.noTables
  }

  static let noTables = "the kernel has no nf_tables"
}
