// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// What is done about dumps during which the kernel's list has changed (`NLM_F_DUMP_INTR`): an entry that was there all the time
/// may be missing from such a dump, or be there twice.
package enum DumpPolicy: Sendable {
  /// The dump is repeated up to 50 times, until one was not interrupted or two have told the same: one that misses something does
  /// so because something else came or went meanwhile, and then the next one tells other things. Else it throws `EINTR`.
  case whole
  /// The dump is repeated up to 5 times; if none was whole, what the last one listed is good enough.
  case last
  /// The same, but all that any of them listed is returned: entries may be there several times, and none that stayed is
  /// missing but by rare chance.
  case union

  private var attempts: Int { self == .whole ? 50 : 5 }

  /// Takes attempts of which each returns what it listed and whether it was interrupted; an error that will pass is an attempt too.
  func dump(
    _ action: String, _ attempt: () throws(NetlinkError) -> (parts: [NetlinkReply], isInterrupted: Bool)
  ) throws(NetlinkError) -> [NetlinkReply] {
    var found: [NetlinkReply] = []
    var former: [ArraySlice<UInt8>]?
    for _ in 0..<attempts {
      do throws(NetlinkError) {
        let (parts, isInterrupted) = try attempt()
        if !isInterrupted { return parts }
        // The first four bytes may tell nf_tables' generation.
        let contents = parts.map { $0.payload.dropFirst(4) }
        if self == .whole, contents == former { return parts }
        former = contents
        if self == .union { found += parts } else { found = parts }
      } catch {
        guard [EINTR, EBUSY, EAGAIN].contains(error.number) else { throw error }
      }
    }
    if self == .whole { throw NetlinkError(action, number: EINTR) }
    return found
  }
}

extension NetlinkSocket {
  /// Sends a request for a list, and returns its parts. What changes meanwhile is up to the policy.
  package func dump(
    _ request: NetlinkMessage, _ action: String, _ policy: DumpPolicy = .whole
  ) throws(NetlinkError) -> [NetlinkReply] {
    try policy.dump(action) { () throws(NetlinkError) in try dumpOnce(request, action) }
  }

  /// Sends a request for a list once, and returns its parts and whether what it lists changed meanwhile. With patterns, of all
  /// parts only some (see ``NetlinkReply/split(_:holding:)``).
  package func dumpOnce(
    _ request: NetlinkMessage, _ action: String, holding patterns: [[UInt8]]? = nil
  ) throws(NetlinkError) -> (parts: [NetlinkReply], isInterrupted: Bool) {
    var parts: [NetlinkReply] = []
    let isInterrupted = try dumpOnce(request, action, holding: patterns) { reply in
      parts.append(reply)
      return true
    }
    return (parts, isInterrupted)
  }

  /// The same, but the parts are shown one after another until there are no more, or until `body` returns false. The kernel then
  /// goes on telling the rest whenever this socket is read: that is never taken for the reply to another request, but takes time.
  @discardableResult
  package func dumpOnce(
    _ request: NetlinkMessage, _ action: String, holding patterns: [[UInt8]]? = nil, _ body: (NetlinkReply) -> Bool
  ) throws(NetlinkError) -> Bool {
    try dumpOnce(request, action, body) { datagram, _ in NetlinkReply.split(datagram, holding: patterns) }
  }

  /// The same, and notes of all parts, also of those that are not shown, an attribute of 64 bits that tells one from another.
  package func dumpOnce(
    _ request: NetlinkMessage, _ action: String, holding patterns: [[UInt8]]?, noting attribute: UInt32,
    in values: inout [UInt64], _ body: (NetlinkReply) -> Bool
  ) throws(NetlinkError) -> Bool {
    try dumpOnce(request, action, body) { datagram, numbers in
      values += NetlinkReply.values(of: attribute, in: datagram, repliesTo: numbers)
      return NetlinkReply.split(datagram, holding: patterns)
    }
  }

  private func dumpOnce(
    _ request: NetlinkMessage, _ action: String, _ body: (NetlinkReply) -> Bool,
    _ split: ([UInt8], SequenceNumbers) -> [NetlinkReply]
  ) throws(NetlinkError) -> Bool {
    var numbers = try send([request])
    var isInterrupted = false
    var isFirst = true
    while true {
      for reply in try receive(numbers, waiting: true, { split($0, numbers) }) {
        // The kernel refuses a dump while another one on the same socket is not read to its end.
        if isFirst, reply.errorNumber == EBUSY {
          isFirst = false
          try abandonDump(action)
          numbers = try send([request])
          break
        }
        if let failure = reply.failure(action) { throw failure }
        isFirst = false
        isInterrupted = isInterrupted || reply.isInterrupted
        if reply.isEnd || !body(reply) { return isInterrupted }
      }
    }
  }
}
