// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import NFTables
import Netlink

/// The netlink socket of a transport, used by one thread at a time. It stays open as long as the transport: closing a socket that
/// has deleted something blocks changes of the ruleset for a while, so it is closed only once, when the process ends.
final class CompatSocket: @unchecked Sendable {
  final class Open {
    let netfilter: NetfilterSocket

    fileprivate init(_ netfilter: consuming NetfilterSocket) { self.netfilter = netfilter }
  }

  private var opened: Open?

  func open() throws(NetlinkError) -> Open {
    if let opened { return opened }
    let socket = Open(try NetfilterSocket.open())
    opened = socket
    return socket
  }
}

/// One attempt to change tables in nf_tables, which are all read in one generation of the ruleset and changed by one batch.
final class CompatAttempt {
  private let socket: CompatSocket
  /// The generation in which everything is read; nil until it is read, and an inner nil if the kernel has no nf_tables.
  private var generation: UInt32??
  /// The last error of the kernel.
  private(set) var failure: NetlinkError?

  init(_ socket: CompatSocket) { self.socket = socket }

  func reader(of table: IPTable) -> CompatReader { CompatReader(table, self) }

  /// Makes the changes of all tables, or none.
  func commit(_ edits: inout [TableEdit]) throws(CNIError) {
    let messages = try messages(&edits)
    if messages.isEmpty { return }
    let generation = try requiredGeneration(edits)
    try kernel("change the \(Self.title(edits))") { () throws(NetlinkError) in
      try socket.open().netfilter.commit(messages, generation: generation)
    }
  }

  /// Lets the kernel check the changes of tables, and makes none.
  func rehearse(_ edits: inout [TableEdit]) throws(CNIError) {
    let messages = try messages(&edits)
    if messages.isEmpty { return }
    _ = try requiredGeneration(edits)
    try kernel("change the \(Self.title(edits))") { () throws(NetlinkError) in
      try socket.open().netfilter.rehearse(messages)
    }
  }

  private static func title(_ edits: [TableEdit]) -> String {
    edits.filter { !$0.changes.isEmpty }.map { "\($0.table)" }.joined(separator: " and ")
  }

  /// The messages that make the changes of tables.
  func messages(_ edits: inout [TableEdit]) throws(CNIError) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    for index in edits.indices where !edits[index].changes.isEmpty { messages += try edits[index].compatMessages() }
    return messages
  }

  private func requiredGeneration(_ edits: [TableEdit]) throws(CNIError) -> UInt32 {
    let action = "change the \(Self.title(edits))"
    let known = try kernel(action) { () throws(NetlinkError) -> UInt32? in try knownGeneration() }
    guard let known else { throw CNIError(.kernelRefused, "\(action): the kernel has no nf_tables") }
    return known
  }

  /// The generation; nil if the kernel has no nf_tables, and so no tables in it.
  private func knownGeneration() throws(NetlinkError) -> UInt32? {
    if let generation { return generation }
    do throws(NetlinkError) {
      generation = .some(try socket.open().netfilter.generation())
    } catch {
      guard error.isNFTablesMissing else { throw error }
      generation = .some(nil)
    }
    return generation ?? nil
  }

  /// Reads from a table; nil if the kernel has no nf_tables.
  func read<T>(
    _ table: IPTable, _ body: (borrowing NetfilterSocket) throws(NetlinkError) -> T
  ) throws(CNIError) -> T? {
    try kernel("read the \(table)") { () throws(NetlinkError) -> T? in
      guard try knownGeneration() != nil else { return nil }
      return try body(socket.open().netfilter)
    }
  }

  private func kernel<T>(_ action: @autoclosure () -> String, _ body: () throws(NetlinkError) -> T) throws(CNIError)
    -> T
  {
    do {
      return try body()
    } catch {
      failure = error
      let hint = error.number == EPERM ? "; it needs CAP_NET_ADMIN in the host's network namespace" : ""
      throw CNIError(.kernelRefused, "\(action()): \(error)\(hint)")
    }
  }
}
