// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// What is done about dumps during which the kernel's list has changed (`NLM_F_DUMP_INTR`): an entry that was there all the time
/// may be missing from such a dump, or be there twice.
package enum DumpPolicy: Equatable, Sendable {
  /// The dump is repeated up to 50 times, until one was not interrupted or two have told the same: one that misses something does
  /// so because something else came or went meanwhile, and then the next one tells other things. Else it throws `EINTR`.
  case whole
  /// The same, of entries that an attribute of 64 bits tells from all others that ever were: two dumps with the same values have
  /// missed nothing, and of thousands of entries only these are compared.
  case wholeByHandle(UInt32)
  /// The dump is repeated up to 5 times; if none was whole, what the last one listed is good enough.
  case last
  /// The same, but all that any of them listed is returned: entries may be there several times, and none that stayed is
  /// missing but by rare chance.
  case union

  private var attempts: Int {
    switch self {
    case .whole, .wholeByHandle: 50
    case .last, .union: 5
    }
  }

  /// What a dump listed.
  struct Listing {
    var parts: [NetlinkReply] = []
    /// The values of the attribute that tells entries from one another, also of parts that were left out.
    var handles: [UInt64] = []
    /// Whether what is listed changed meanwhile, so that an entry may be missing.
    var isInterrupted = false
  }

  /// Takes attempts; an error that will pass is an attempt too.
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
    // The first four bytes may tell nf_tables' generation.
    return listing.parts.elementsEqual(other.parts) { $0.payload.dropFirst(4) == $1.payload.dropFirst(4) }
  }
}

extension NetlinkSocket {
  /// Sends a request for a list, and returns its parts. What changes meanwhile is up to the policy. With patterns, of all parts only
  /// some (see ``NetlinkReply/split(_:holding:)``). Nothing is read behind a part for which `isLast` holds; it is not asked of each,
  /// as a list that is interrupted before that is read again to its end.
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
      // What was found was there, whatever else has changed.
      listing.isInterrupted = isInterrupted && !isFound
      isLast = nil
      return listing
    }
  }

  /// Sends a request for a list once, and shows its parts one after another until there are no more, or until `body` returns false.
  /// Returns whether what it lists changed meanwhile.
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
        if reply.isEnd { return isInterrupted }
        if !body(reply) {
          // The rest would be in the way of what this socket is asked next.
          if !replies.contains(where: \.isEnd) { try abandonDump(action) }
          return isInterrupted
        }
      }
    }
  }
}
