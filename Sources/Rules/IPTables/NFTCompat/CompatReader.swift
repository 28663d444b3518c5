// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink

/// A table in nf_tables, as one attempt to change it reads it.
final class CompatReader: TableReader {
  private let table: IPTable
  private let sockets: CompatSockets
  /// Made when the table is first looked at; nil within if the kernel has no nf_tables.
  private var opened: CompatSession??
  /// What the kernel answered when it did not do what it was asked for.
  private(set) var failure: NetlinkError?

  init(_ table: IPTable, _ sockets: CompatSockets) {
    self.table = table
    self.sockets = sockets
  }

  func states(of chains: [String]) throws(CNIError) -> [ChainState] {
    try read { (session) throws(NetlinkError) in try session.states(of: chains) } ?? []
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [PlacedRule] {
    try read { (session) throws(NetlinkError) in
      try session.rules(of: chain, holding: patterns, until: isLast)
    } ?? []
  }

  func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)] {
    try read { (session) throws(NetlinkError) in try session.allRules(holding: patterns) } ?? []
  }

  func chains(withPrefix prefix: String) throws(CNIError) -> [String] {
    try read { (session) throws(NetlinkError) in try session.chains(withPrefix: prefix) } ?? []
  }

  /// Makes changes of what was read, all or none.
  func commit(_ edit: inout TableEdit) throws(CNIError) {
    try send(&edit) { (session, messages) throws(NetlinkError) in try session.commit(messages) }
  }

  /// Has the kernel check changes of what was read, and makes none.
  func rehearse(_ edit: inout TableEdit) throws(CNIError) {
    try send(&edit) { (session, messages) throws(NetlinkError) in try session.rehearse(messages) }
  }

  /// The messages that make changes of what was read.
  func messages(_ edit: inout TableEdit) throws(CNIError) -> [NetlinkMessage] { try openSession().messages(&edit) }

  private func openSession() throws(CNIError) -> CompatSession {
    let session = try kernel("change") { () throws(NetlinkError) -> CompatSession? in try self.session() }
    guard let session else { throw CNIError(.kernelRefused, "change the \(table): the kernel has no nf_tables") }
    return session
  }

  private func send(
    _ edit: inout TableEdit, _ body: (CompatSession, [NetlinkMessage]) throws(NetlinkError) -> Void
  ) throws(CNIError) {
    let session = try openSession()
    let messages = try session.messages(&edit)
    try kernel("change") { () throws(NetlinkError) in try body(session, messages) }
  }

  /// Nil if the kernel has no nf_tables.
  private func read<T>(_ body: (CompatSession) throws(NetlinkError) -> T) throws(CNIError) -> T? {
    try kernel("read") { () throws(NetlinkError) -> T? in
      guard let session = try session() else { return nil }
      return try body(session)
    }
  }

  private func session() throws(NetlinkError) -> CompatSession? {
    if let opened { return opened }
    let session = try CompatSession.open(table, sockets)
    opened = .some(session)
    return session
  }

  private func kernel<T>(_ action: String, _ body: () throws(NetlinkError) -> T) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      failure = error
      sockets.renew()
      let hint = error.number == EPERM ? "; it needs CAP_NET_ADMIN in the host's network namespace" : ""
      throw CNIError(.kernelRefused, "\(action) the \(table): \(error)\(hint)")
    }
  }
}
