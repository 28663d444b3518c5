// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A netlink socket of the calling thread's network namespace.
@safe package struct NetlinkSocket: ~Copyable {
  /// A netlink family (linux/netlink.h).
  package enum Bus: Sendable {
    case route, netfilter, generic

    fileprivate var number: Int32 {
      switch self {
      case .route: NETLINK_ROUTE
      case .netfilter: NETLINK_NETFILTER
      case .generic: NETLINK_GENERIC
      }
    }

    fileprivate var title: String {
      switch self {
      case .route: "rtnetlink"
      case .netfilter: "nfnetlink"
      case .generic: "generic netlink"
      }
    }
  }

  /// Longer than any answer of a kernel takes; it only keeps a plugin from waiting for ever.
  private static let patience: Int32 = 10_000  // ms

  private let file: FileDescriptor
  private let bus: Bus
  /// Room for a datagram: a dump fills at most 32 KiB (netlink_dump in net/netlink/af_netlink.c).
  private let buffer: UnsafeMutableRawBufferPointer

  private init(owning file: consuming FileDescriptor, _ bus: Bus) {
    self.file = file
    self.bus = bus
    unsafe buffer = .allocate(byteCount: 65_536, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
    let isSlow = bus == .netfilter && Self.waitsWhenClosed
    let last = isSlow ? Self.putAside(file.number) : nil
    _ = consume file
    _ = consume last
  }

  /// The kernel gives it a number of its own when it first sends.
  package static func open(_ bus: Bus) throws(NetlinkError) -> NetlinkSocket {
    let number = try call("open an \(bus.title) socket") {
      socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), bus.number)
    }
    let opened = NetlinkSocket(owning: FileDescriptor(owning: number), bus)
    // The kernel's own words for an error, and no echo of the request; since kernels 4.12 and 4.3, and not needed.
    for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] { _ = opened.set(SOL_NETLINK, option, 1) }
    return opened
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
    var value = value
    return unsafe setsockopt(file.number, level, option, &value, 4) == 0
  }

  private static func call<T: SignedInteger>(
    _ action: @autoclosure () -> String, _ body: () -> T
  ) throws(NetlinkError) -> T {
    do throws(SystemError) {
      return try systemCall(action(), body)
    } catch {
      throw NetlinkError(error.action, number: error.number)
    }
  }

  /// Makes room for a batch of so many bytes, and for as many answers.
  package func reserve(_ bytes: Int) {
    for (forced, asked) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)] {
      // The first needs CAP_NET_ADMIN of the whole machine, which a rootless runtime has not.
      if !set(SOL_SOCKET, forced, Int32(clamping: bytes)) { _ = set(SOL_SOCKET, asked, Int32(clamping: bytes)) }
    }
  }

  /// Sends to the kernel, to which a socket of netlink is connected at first.
  package func send(_ bytes: [UInt8]) throws(NetlinkError) {
    _ = try Self.call("send to \(bus.title)") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(file.number, $0.baseAddress, $0.count, 0) }
    }
  }

  /// The messages of the next datagram, with needles only some (see ``NetlinkReply/split(_:holding:)``); waits for one only
  /// if `waiting`, else answers none.
  package func receive(waiting: Bool, holding needles: [[UInt8]]? = nil) throws(NetlinkError) -> [NetlinkReply] {
    let action = "receive from \(bus.title)"
    while true {
      do throws(NetlinkError) {
        // With this flag the answer is the whole length of a datagram that was cut.
        let count = try Self.call(action) {
          unsafe recv(file.number, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
        }
        if unsafe count > buffer.count { throw NetlinkError(action, number: EMSGSIZE) }
        return unsafe NetlinkReply.split([UInt8](buffer.prefix(count)), holding: needles)
      } catch {
        guard error.number == EAGAIN else { throw error }
        if !waiting { return [] }
        try waitUntilReadable(action)
      }
    }
  }

  private func waitUntilReadable(_ action: String) throws(NetlinkError) {
    var request = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
    let ready = try Self.call(action) { unsafe poll(&request, 1, Self.patience) }
    if ready == 0 { throw NetlinkError(action, number: ETIMEDOUT) }
  }
}

extension NetlinkSocket {
  /// Sends requests of which each gets one answer, and answers those in the same order; an error is an answer too.
  package func answers(to requests: [NetlinkMessage]) throws(NetlinkError) -> [NetlinkReply] {
    var answers: [NetlinkReply] = []
    // Each answer may take a page of the socket's receive buffer, which by default holds about fifty.
    var rest = requests[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(24)
      rest = rest.dropFirst(chunk.count)
      try send(chunk.enumerated().flatMap { $1.bytes(sequence: UInt32($0)) })
      var missing = chunk.count
      while missing > 0 {
        let replies = try receive(waiting: true)
        // Without the capability the kernel answers once, however many requests there are.
        if let refusal = replies.first(where: { $0.errorNumber == EPERM })?.failure("ask the kernel") { throw refusal }
        answers += replies
        missing -= replies.count
      }
    }
    return answers
  }

  /// Sends a request that gets one answer; throws if that is an error.
  @discardableResult
  package func answer(to request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply {
    guard let reply = try answers(to: [request]).first else { throw NetlinkError(action, number: EPROTO) }
    if let failure = reply.failure(action) { throw failure }
    return reply
  }

  /// The same, but nil if the error is one of those that mean that there is no such thing.
  package func answer(
    to request: NetlinkMessage, _ action: String, unless missing: [Int32]
  ) throws(NetlinkError) -> NetlinkReply? {
    do {
      return try answer(to: request, action)
    } catch {
      if missing.contains(error.number) { return nil }
      throw error
    }
  }

  /// Sends a request for something that may not be there, with an acknowledgement, and answers what came before that.
  package func answerIfAny(to request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    var request = request
    request.requestAcknowledgement()
    try send(request.bytes(sequence: 0))
    var answer: NetlinkReply?
    while true {
      for reply in try receive(waiting: true) {
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
    try send(request.bytes(sequence: 0))
    var isInterrupted = false
    while true {
      for reply in try receive(waiting: true, holding: needles) {
        if let failure = reply.failure(action) { throw failure }
        isInterrupted = isInterrupted || reply.isInterrupted
        if reply.isEnd || !body(reply) { return isInterrupted }
      }
    }
  }
}
