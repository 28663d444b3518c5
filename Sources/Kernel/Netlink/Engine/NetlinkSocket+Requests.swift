// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension NetlinkSocket {
  /// Sends requests that get one reply each, and returns the replies in the same order. An error is a reply too.
  package func executeAll(_ requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
    try tracing(requests) { () throws(NetlinkError) in try exchange(requests) }
  }

  private func exchange(_ requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
    var replies: [NetlinkReply] = []
    // A reply may take a page of the receive buffer, which holds about fifty by default.
    var rest = requests[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(24)
      rest = rest.dropFirst(chunk.count)
      let numbers = try send(Array(chunk))
      var received = 0
      while received < chunk.count {
        // The kernel serves the requests in order.
        for reply in try receive(numbers, waiting: true) where reply.sequence == numbers[received] {
          // Without CAP_NET_ADMIN the kernel replies once to all requests together.
          if reply.errorNumber == EPERM, let refusal = reply.failure("ask the kernel") { throw refusal }
          replies.append(reply)
          received += 1
        }
      }
    }
    return replies
  }

  /// Sends a request that gets one reply, and returns it; throws if the reply is an error.
  @discardableResult
  package func execute(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply {
    guard let reply = try executeAll([request]).first else { throw NetlinkError(action, number: EPROTO) }
    if let failure = reply.failure(action) { throw failure }
    return reply
  }

  /// The same; returns nil if the reply is one of the errors in `missing`.
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

  /// Sends a request that gets one reply or none, and returns the reply; an acknowledgement marks the end.
  package func executeOptional(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    try tracing([request]) { () throws(NetlinkError) in
      try exchangeOptional(request, action).map { [$0] } ?? []
    }.first
  }

  private func exchangeOptional(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    var request = request
    request.requestAcknowledgement()
    let numbers = try send([request])
    var found: NetlinkReply?
    while true {
      for reply in try receive(numbers, waiting: true) {
        if let failure = reply.failure(action) { throw failure }
        if reply.errorNumber != nil { return found }
        found = found ?? reply
      }
    }
  }

  /// Sends messages in one datagram, and returns the replies: the kernel replies to messages that it refuses and to those that ask for
  /// an acknowledgement, and has queued all replies when the first can be read.
  package func executeBatch(_ messages: [NetlinkMessage], _ action: String) throws(NetlinkError) -> [NetlinkReply] {
    let numbers = SequenceNumbers.next(messages.count)
    let bytes = try encode(messages, numbers)
    if bytes.count > 64 << 10 { reserve(bytes.count * 2) }
    do throws(NetlinkError) {
      try send(bytes)
    } catch {
      guard error.number == EMSGSIZE else { throw error }
      throw .tooLarge(action, batch: bytes.count, limit: sendLimit)
    }
    var replies = try receive(numbers, waiting: true)
    while true {
      let more = try receive(numbers, waiting: false)
      if more.isEmpty { return replies }
      replies += more
    }
  }
}

extension NetlinkError {
  /// A batch that does not fit into the socket's send buffer; the kernel accepts a batch only in one datagram.
  static func tooLarge(_ action: String, batch: Int, limit: Int) -> NetlinkError {
    // The kernel doubles the requested buffer size (SO_SNDBUF in socket(7)).
    let advice = "publish fewer ports at once, or let the host's net.core.wmem_max be \(batch / 2 + 1024) or more"
    let text = "one change takes \(batch) bytes and the send buffer at most \(limit): \(advice)"
    return NetlinkError(action, number: EMSGSIZE, explanation: text)
  }
}
