// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension NetlinkSocket {
  /// Sends requests of which each gets one reply, and returns those in the same order; an error is a reply too.
  package func executeAll(_ requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
    var answers: [NetlinkReply] = []
    // Each reply may take a page of the socket's receive buffer, which by default holds about fifty.
    var rest = requests[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(24)
      rest = rest.dropFirst(chunk.count)
      let numbers = try send(Array(chunk))
      var answered = 0
      while answered < chunk.count {
        // The kernel serves one request after another.
        for reply in try receive(numbers, waiting: true) where reply.sequence == numbers[answered] {
          // Without the capability the kernel answers once, however many requests there are.
          if reply.errorNumber == EPERM, let refusal = reply.failure("ask the kernel") { throw refusal }
          answers.append(reply)
          answered += 1
        }
      }
    }
    return answers
  }

  /// Sends a request that gets one answer; throws if that is an error.
  @discardableResult
  package func execute(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply {
    guard let reply = try executeAll([request]).first else { throw NetlinkError(action, number: EPROTO) }
    if let failure = reply.failure(action) { throw failure }
    return reply
  }

  /// The same, but nil if the error is one of those that mean that there is no such thing.
  package func execute(
    _ request: NetlinkMessage, _ action: String, unless missing: [Int32]
  ) throws(NetlinkError) -> NetlinkReply? {
    do {
      return try execute(request, action)
    } catch {
      if missing.contains(error.number) { return nil }
      throw error
    }
  }

  /// Sends a request for something that may not be there, with an acknowledgement, and answers what came before that.
  package func executeOptional(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    var request = request
    request.requestAcknowledgement()
    let numbers = try send([request])
    var answer: NetlinkReply?
    while true {
      for reply in try receive(numbers, waiting: true) {
        if let failure = reply.failure(action) { throw failure }
        if reply.errorNumber != nil { return answer }
        answer = answer ?? reply
      }
    }
  }

  /// Asks for a dump, and answers all of it, and whether what it lists changed meanwhile: then something may be missing
  /// or be there twice. With needles, of all parts only some (see ``NetlinkReply/split(_:holding:)``).
  package func dump(
    _ request: NetlinkMessage, _ action: String, holding needles: [[UInt8]]? = nil
  ) throws(NetlinkError) -> (parts: [NetlinkReply], isInterrupted: Bool) {
    var parts: [NetlinkReply] = []
    let isInterrupted = try dump(request, action, holding: needles) { reply in
      parts.append(reply)
      return true
    }
    return (parts, isInterrupted)
  }

  /// The same, but the parts are shown one after another until there are no more, or until `body` wants no more: then this
  /// socket can be asked nothing else.
  @discardableResult
  package func dump(
    _ request: NetlinkMessage, _ action: String, holding needles: [[UInt8]]? = nil, _ body: (NetlinkReply) -> Bool
  ) throws(NetlinkError) -> Bool {
    try dump(request, action, body) { datagram, _ in NetlinkReply.split(datagram, holding: needles) }
  }

  /// The same, and notes of all parts, also of those that are not shown, an attribute of 64 bits that tells one from another.
  package func dump(
    _ request: NetlinkMessage, _ action: String, holding needles: [[UInt8]]?, noting attribute: UInt32,
    in values: inout [UInt64], _ body: (NetlinkReply) -> Bool
  ) throws(NetlinkError) -> Bool {
    try dump(request, action, body) { datagram, numbers in
      values += NetlinkReply.values(of: attribute, in: datagram, repliesTo: numbers)
      return NetlinkReply.split(datagram, holding: needles)
    }
  }

  private func dump(
    _ request: NetlinkMessage, _ action: String, _ body: (NetlinkReply) -> Bool,
    _ split: ([UInt8], SequenceNumbers) -> [NetlinkReply]
  ) throws(NetlinkError) -> Bool {
    let numbers = try send([request])
    var isInterrupted = false
    while true {
      for reply in try receive(numbers, waiting: true, { split($0, numbers) }) {
        if let failure = reply.failure(action) { throw failure }
        isInterrupted = isInterrupted || reply.isInterrupted
        if reply.isEnd || !body(reply) { return isInterrupted }
      }
    }
  }
}
