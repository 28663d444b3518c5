// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension NetlinkSocket {
  /// Sends requests of which each gets one reply, and returns those in the same order; an error is a reply too.
  package func executeAll(_ requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
    try tracing(requests) { () throws(NetlinkError) in try exchange(requests) }
  }

  private func exchange(_ requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
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

  /// Sends a request that gets one reply, and returns that; throws if it is an error.
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

  /// Sends a request for something that may not be there, with an acknowledgement, and returns what came before that.
  package func executeOptional(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    try tracing([request]) { () throws(NetlinkError) in
      try exchangeOptional(request, action).map { [$0] } ?? []
    }.first
  }

  private func exchangeOptional(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
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

  /// Sends messages at once, of which the kernel replies only to those that it refuses and to those that ask for an
  /// acknowledgement, and returns these replies. All of them are there once the first is.
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
  /// A batch that the kernel takes only at once, and the socket's buffer not at all.
  static func tooLarge(_ action: String, batch: Int, limit: Int) -> NetlinkError {
    // The kernel gives a socket twice what it may ask for.
    let advice = "publish fewer ports at once, or let the host's net.core.wmem_max be \(batch / 2 + 1024) or more"
    let text = "one change takes \(batch) bytes and the send buffer at most \(limit): \(advice)"
    return NetlinkError(action, number: EMSGSIZE, explanation: text)
  }
}
