// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CMnl
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

  private let handle: OpaquePointer
  private let bus: Bus
  /// Room for a datagram: a dump fills at most 32 KiB (netlink_dump in net/netlink/af_netlink.c).
  private let buffer: UnsafeMutableRawBufferPointer

  private init(owning handle: OpaquePointer, _ bus: Bus) {
    unsafe self.handle = handle
    self.bus = bus
    unsafe buffer = .allocate(byteCount: 65_536, alignment: 16)
  }

  deinit {
    let isSlow = bus == .netfilter && Self.waitsWhenClosed
    let last = isSlow ? Self.putAside(unsafe mnl_socket_get_fd(handle)) : nil
    _ = unsafe mnl_socket_close(handle)
    _ = consume last
    unsafe buffer.deallocate()
  }

  package static func open(_ bus: Bus) throws(NetlinkError) -> NetlinkSocket {
    guard let handle = unsafe mnl_socket_open2(bus.number, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)) else {
      throw NetlinkError("open an \(bus.title) socket", number: errno)
    }
    let socket = unsafe NetlinkSocket(owning: handle, bus)
    guard unsafe mnl_socket_bind(handle, 0, 0) == 0 else {
      throw NetlinkError("bind an \(bus.title) socket", number: errno)
    }
    // The kernel's own words for an error, and no echo of the request; both since kernel 4.12, and not needed.
    var on: Int32 = 1
    _ = unsafe mnl_socket_setsockopt(handle, NETLINK_EXT_ACK, &on, 4)
    _ = unsafe mnl_socket_setsockopt(handle, NETLINK_CAP_ACK, &on, 4)
    return socket
  }

  /// Makes room for a batch of so many bytes, and for as many answers.
  package func reserve(_ bytes: Int) {
    var size = Int32(clamping: bytes)
    let number = unsafe mnl_socket_get_fd(handle)
    for (forced, asked) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)] {
      // The first needs CAP_NET_ADMIN of the whole machine, which a rootless runtime has not.
      if unsafe setsockopt(number, SOL_SOCKET, forced, &size, 4) != 0 {
        _ = unsafe setsockopt(number, SOL_SOCKET, asked, &size, 4)
      }
    }
  }

  package func send(_ bytes: [UInt8]) throws(NetlinkError) {
    while true {
      let sent = unsafe bytes.withUnsafeBytes { unsafe mnl_socket_sendto(handle, $0.baseAddress, $0.count) }
      if sent >= 0 { return }
      if errno != EINTR { throw NetlinkError("send to \(bus.title)", number: errno) }
    }
  }

  /// The messages of the next datagram, with needles only some (see ``NetlinkReply/split(_:holding:)``); waits for one only
  /// if `waiting`, else answers none.
  package func receive(waiting: Bool, holding needles: [[UInt8]]? = nil) throws(NetlinkError) -> [NetlinkReply] {
    while true {
      let count = unsafe mnl_socket_recvfrom(handle, buffer.baseAddress, buffer.count)
      if count >= 0 { return unsafe NetlinkReply.split([UInt8](buffer.prefix(count)), holding: needles) }
      let failure = errno
      if failure == EINTR { continue }
      guard failure == EAGAIN else { throw NetlinkError("receive from \(bus.title)", number: failure) }
      if !waiting { return [] }
      try waitUntilReadable()
    }
  }

  private func waitUntilReadable() throws(NetlinkError) {
    var request = pollfd(fd: unsafe mnl_socket_get_fd(handle), events: Int16(POLLIN), revents: 0)
    let ready = unsafe poll(&request, 1, Self.patience)
    if ready == 0 { throw NetlinkError("receive from \(bus.title)", number: ETIMEDOUT) }
    if ready < 0, errno != EINTR { throw NetlinkError("receive from \(bus.title)", number: errno) }
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
