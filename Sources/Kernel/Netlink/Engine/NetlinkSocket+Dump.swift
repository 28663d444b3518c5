// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// How to treat dumps that were interrupted (`NLM_F_DUMP_INTR`): the list changed meanwhile, so that an entry that was there all the
/// time may be missing or appear twice.
package enum DumpPolicy: Equatable, Sendable {
  /// Repeats the dump up to 50 times, until one was not interrupted or two in a row are equal: a dump misses an entry only because
  /// another one came or went, and then the next dump differs. Throws `EINTR` if that never happens.
  case whole
  /// As ``whole``, but compares only a 64-bit attribute that identifies entries and is never reused, such as a handle: that is faster
  /// with thousands of entries.
  case wholeByHandle(UInt32)
  /// Repeats the dump up to 5 times; returns the last one if all were interrupted.
  case last
  /// Repeats the dump up to 5 times; returns the entries of all if all were interrupted. Entries may occur several times, and one that
  /// stayed is very unlikely to be missing.
  case union

  private var attempts: Int {
    switch self {
    case .whole, .wholeByHandle: 50
    case .last, .union: 5
    }
  }

  /// The result of one dump.
  struct Listing {
    var parts: [NetlinkReply] = []
    /// The identifying attributes of all entries, including those that patterns excluded.
    var handles: [UInt64] = []
    /// Whether the list changed during the dump, so that an entry may be missing.
    var isInterrupted = false
  }

  /// Calls `attempt` as often as the policy says; a transient error counts as an interrupted attempt.
  func dump(
    _ action: String, _ attempt: () throws(NetlinkError) -> Listing
  ) throws(NetlinkError) -> [NetlinkReply] {
    var found: [NetlinkReply] = []
    var former: Listing?
    for _ in 0..<attempts {
      do throws(NetlinkError) {
        let listing = try attempt()
        if !listing.isInterrupted { return listing.parts }
        switch self {
        case .whole, .wholeByHandle:
          if let former, isSame(listing, former) { return listing.parts }
          former = listing
        case .last: found = listing.parts
        case .union: found += listing.parts
        }
      } catch {
        guard [EINTR, EBUSY, EAGAIN].contains(error.number) else { throw error }
      }
    }
    switch self {
    case .whole, .wholeByHandle: throw NetlinkError(action, number: EINTR)
    case .last, .union: return found
    }
  }

  private func isSame(_ listing: Listing, _ other: Listing) -> Bool {
    if case .wholeByHandle = self { return listing.handles == other.handles }
    // The first four bytes may hold nf_tables' generation.
    return listing.parts.elementsEqual(other.parts) { $0.payload.dropFirst(4) == $1.payload.dropFirst(4) }
  }
}

extension NetlinkSocket {
  /// Sends a dump request, and returns its parts; repeats it as `policy` says if it was interrupted. With patterns, returns only parts
  /// that contain one of them, and the first part of each datagram. The first dump ends at a part for which `isLast` returns true;
  /// repetitions are read to their end.
  package func dump(
    _ request: NetlinkMessage, _ action: String, _ policy: DumpPolicy = .whole, holding patterns: [[UInt8]]? = nil,
    until isLast: ((NetlinkReply) -> Bool)? = nil
  ) throws(NetlinkError) -> [NetlinkReply] {
    var isLast = isLast
    return try policy.dump(action) { () throws(NetlinkError) in
      var listing = DumpPolicy.Listing()
      var isFound = false
      let isInterrupted = try dumpOnce(request, action) { reply in
        listing.parts.append(reply)
        isFound = isLast?(reply) ?? false
        return !isFound
      } _: { datagram, numbers in
        if case .wholeByHandle(let attribute) = policy {
          listing.handles += NetlinkReply.values(of: attribute, in: datagram, repliesTo: numbers)
        }
        return NetlinkReply.split(datagram, holding: patterns)
      }
      // The found part existed, whatever else changed.
      listing.isInterrupted = isInterrupted && !isFound
      isLast = nil
      return listing
    }
  }

  /// Sends a dump request once, and passes the parts to `body` until it returns false. Returns whether the dump was interrupted.
  @discardableResult
  package func dumpOnce(
    _ request: NetlinkMessage, _ action: String, _ body: (NetlinkReply) -> Bool
  ) throws(NetlinkError) -> Bool {
    try dumpOnce(request, action, body) { datagram, _ in NetlinkReply.split(datagram) }
  }

  private func dumpOnce(
    _ request: NetlinkMessage, _ action: String, _ body: (NetlinkReply) -> Bool,
    _ split: ([UInt8], SequenceNumbers) -> [NetlinkReply]
  ) throws(NetlinkError) -> Bool {
    var numbers = try send([request])
    var isInterrupted = false
    var isFirst = true
    while true {
      let replies = try receive(numbers, waiting: true, { split($0, numbers) })
      for reply in replies {
        // The kernel refuses a dump while another one on the same socket has not been read to its end.
        if isFirst, reply.errorNumber == EBUSY {
          isFirst = false
          try abandonDump(action)
          numbers = try send([request])
          break
        }
        if let failure = reply.failure(action) { throw failure }
        isFirst = false
        isInterrupted = isInterrupted || reply.isInterrupted
        if reply.isEnd { return isInterrupted }
        if !body(reply) {
          // The kernel refuses the next dump of this socket until the rest is read.
          if !replies.contains(where: \.isEnd) { try abandonDump(action) }
          return isInterrupted
        }
      }
    }
  }
}
