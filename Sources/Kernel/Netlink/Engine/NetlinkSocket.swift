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
  let bus: Bus
  /// Room for a datagram: a dump fills at most 32 KiB (netlink_dump in net/netlink/af_netlink.c).
  private let buffer: UnsafeMutableRawBufferPointer

  var descriptor: Int32 { file.number }

  private init(owning file: consuming FileDescriptor, _ bus: Bus) {
    self.file = file
    self.bus = bus
    unsafe buffer = .allocate(byteCount: 65_536, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
    let last = isSlowToClose ? Self.deferClose(file.number) : nil
    _ = consume file
    _ = consume last
  }

  private var isSlowToClose: Bool { bus == .netfilter && Self.closeBlocksOnRCU }

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

  func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
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

  /// Listens to multicast groups; once for each socket.
  func subscribe(_ groups: [Int32]) throws(NetlinkError) {
    let action = "listen to \(bus.title)"
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    let (number, length) = (file.number, socklen_t(MemoryLayout<sockaddr_nl>.size))
    // A socket without a port has number 0, as the kernel has, and is not told what it seems to have sent itself.
    _ = try Self.call(action) {
      unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, length) }
      }
    }
    for group in groups where !set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group) {
      throw NetlinkError(action, number: errno)
    }
  }

  /// Makes room for a batch of so many bytes, and for as many answers.
  package func reserve(_ bytes: Int) {
    for (forced, asked) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)] {
      // The first needs CAP_NET_ADMIN of the whole machine, which a rootless runtime has not.
      if !set(SOL_SOCKET, forced, Int32(clamping: bytes)) { _ = set(SOL_SOCKET, asked, Int32(clamping: bytes)) }
    }
  }

  /// How long a message can be, in bytes (netlink_sendmsg in net/netlink/af_netlink.c).
  var sendLimit: Int {
    var (size, length) = (Int32(0), socklen_t(4))
    guard unsafe getsockopt(file.number, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 else { return 0 }
    return max(0, Int(size) - 32)
  }

  /// Sends messages to the kernel, to which a netlink socket is connected at first, and returns the numbers by which their
  /// replies are known.
  func send(_ messages: [NetlinkMessage]) throws(NetlinkError) -> SequenceNumbers {
    let numbers = SequenceNumbers.next(messages.count)
    try send(encode(messages, numbers))
    return numbers
  }

  /// The bytes of messages with these numbers; throws `EMSGSIZE` if one has an attribute that is too long for a message.
  func encode(_ messages: [NetlinkMessage], _ numbers: SequenceNumbers) throws(NetlinkError) -> [UInt8] {
    for message in messages {
      if let overlong = message.overlong { throw overlong.error("send to \(bus.title)") }
    }
    return messages.enumerated().flatMap { $1.bytes(sequence: numbers[$0]) }
  }

  func send(_ bytes: [UInt8]) throws(NetlinkError) {
    _ = try Self.call("send to \(bus.title)") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(file.number, $0.baseAddress, $0.count, 0) }
    }
  }

  /// The replies to these requests in the next datagram that has any, of what `split` makes of it; waits for one only if `waiting`,
  /// else returns none. Replies to other requests are dropped: they are left over from a request that failed or was not read to its
  /// end.
  func receive(
    _ numbers: SequenceNumbers, waiting: Bool, _ split: ([UInt8]) -> [NetlinkReply] = { NetlinkReply.split($0) }
  ) throws(NetlinkError) -> [NetlinkReply] {
    let action = "receive from \(bus.title)"
    do throws(NetlinkError) {
      while true {
        guard let datagram = try receiveDatagram(action, split) else {
          if !waiting { return [] }
          try waitUntilReadable(action)
          continue
        }
        let replies = datagram.filter { numbers.contains($0.sequence) }
        if !replies.isEmpty { return replies }
      }
    } catch {
      renew()
      throw error
    }
  }

  /// The messages of the next datagram; nil if there is none.
  private func receiveDatagram(
    _ action: String, _ split: ([UInt8]) -> [NetlinkReply]
  ) throws(NetlinkError) -> [NetlinkReply]? {
    do throws(NetlinkError) {
      // With this flag the result is the whole length of a datagram that was cut.
      let count = try Self.call(action) {
        unsafe recv(file.number, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
      }
      if unsafe count > buffer.count { throw NetlinkError(action, number: EMSGSIZE) }
      return split(unsafe [UInt8](buffer.prefix(count)))
    } catch {
      if error.number == EAGAIN { return nil }
      throw error
    }
  }

  private func waitUntilReadable(_ action: String) throws(NetlinkError) {
    if try !isReadable(within: Self.patience) { throw NetlinkError(action, number: ETIMEDOUT) }
  }

  /// Waits at most so many milliseconds for a datagram, or for the news that some were lost.
  func isReadable(within milliseconds: Int32) throws(NetlinkError) -> Bool {
    var request = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
    return try Self.call("receive from \(bus.title)") { unsafe poll(&request, 1, milliseconds) } > 0
  }

  /// The messages of the next datagram of a socket that listens to events; none if there is no datagram.
  func receiveEvents() throws(NetlinkError) -> [NetlinkReply] {
    try receiveDatagram("receive from \(bus.title)", { NetlinkReply.split($0) }) ?? []
  }

  /// Gets rid of a dump that the kernel has not told to its end: a short rest is read, else a fresh socket takes this one's place.
  func abandonDump(_ action: String) throws(NetlinkError) {
    var isRenewable = true
    while true {
      guard let rest = try receiveDatagram(action, { NetlinkReply.split($0, holding: []) }) else {
        try waitUntilReadable(action)
        continue
      }
      if rest.contains(where: \.isEnd) { return }
      if isRenewable, renew() { return }
      isRenewable = false
    }
  }

  /// Puts a fresh socket in the place of this one, as the kernel refuses a second dump on a socket (`EBUSY`) until the first is
  /// read to its end, which may fail or take long. Returns false where that is not possible: then this one stays.
  @discardableResult
  private func renew() -> Bool {
    guard isOfThisNamespace, let fresh = try? Self.open(bus) else { return false }
    let last = isSlowToClose ? Self.deferClose(file.number) : nil
    let number = dup3(fresh.file.number, file.number, Int32(SOCK_CLOEXEC.rawValue))
    _ = consume last
    return number >= 0
  }

  /// Whether a socket that the thread opens now is one of the same namespace.
  private var isOfThisNamespace: Bool {
    let number = ioctl(file.number, UInt(SIOCGSKNS))
    if number < 0 { return false }
    let namespace = FileDescriptor(owning: number)
    var (own, current) = (stat(), stat())
    guard
      unsafe fstat(namespace.number, &own) == 0, unsafe stat("/proc/thread-self/ns/net", &current) == 0
    else { return false }
    return own.st_dev == current.st_dev && own.st_ino == current.st_ino
  }
}
