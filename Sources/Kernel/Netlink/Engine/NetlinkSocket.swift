// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A netlink socket; it belongs to the network namespace of the thread that opened it.
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

    var title: String {
      switch self {
      case .route: "rtnetlink"
      case .netfilter: "nfnetlink"
      case .generic: "generic netlink"
      }
    }
  }

  /// The time limit for a reply: longer than any kernel takes, so that it only prevents waiting forever.
  static let patience: Int32 = 10_000  // ms

  let file: FileDescriptor
  let bus: Bus
  /// The buffer for a datagram; a dump's have at most 32 KiB (netlink_dump in net/netlink/af_netlink.c).
  let buffer: UnsafeMutableRawBufferPointer

  var descriptor: Int32 { file.number }

  private init(owning file: consuming FileDescriptor, _ bus: Bus) {
    self.file = file
    self.bus = bus
    unsafe buffer = .allocate(byteCount: 65_536, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
    // The rules are gone by then; only their memory is not freed yet.
    let last = isSlowToClose ? closeInBackground(file.number) : nil
    _ = consume file
    _ = consume last
  }

  var isSlowToClose: Bool { bus == .netfilter && Self.closeBlocksOnRCU }

  /// Opens a socket; the kernel assigns its port ID at the first send.
  package static func open(_ bus: Bus) throws(NetlinkError) -> NetlinkSocket {
    let number = try call("open an \(bus.title) socket") {
      socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), bus.number)
    }
    let opened = NetlinkSocket(owning: FileDescriptor(owning: number), bus)
    // Extended error texts (kernel 4.12), and errors without a copy of the request (kernel 4.3); both are optional.
    for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] { _ = opened.set(SOL_NETLINK, option, 1) }
    return opened
  }

  func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
    var value = value
    return unsafe setsockopt(file.number, level, option, &value, 4) == 0
  }

  static func call<T: SignedInteger>(
    _ action: @autoclosure () -> String, _ body: () -> T
  ) throws(NetlinkError) -> T {
    do throws(SystemError) {
      return try systemCall(action(), body)
    } catch {
      throw NetlinkError(error.action, number: error.number)
    }
  }

  /// Subscribes to multicast groups; may be called once per socket.
  func subscribe(_ groups: [Int32]) throws(NetlinkError) {
    let action = "listen to \(bus.title)"
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    let (number, length) = (file.number, socklen_t(MemoryLayout<sockaddr_nl>.size))
    // A socket without a port ID has ID 0, as the kernel does, and does not receive notifications from ID 0.
    _ = try Self.call(action) {
      unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, length) }
      }
    }
    for group in groups where !set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group) {
      throw NetlinkError(action, number: errno)
    }
  }

  /// Enlarges the send and receive buffers for a batch of `bytes` and its replies.
  package func reserve(_ bytes: Int) {
    for (forced, asked) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)] {
      // The FORCE options need CAP_NET_ADMIN in the initial user namespace, which a rootless runtime does not have.
      if !set(SOL_SOCKET, forced, Int32(clamping: bytes)) { _ = set(SOL_SOCKET, asked, Int32(clamping: bytes)) }
    }
  }

  /// The largest datagram that can be sent, in bytes (netlink_sendmsg in net/netlink/af_netlink.c).
  var sendLimit: Int {
    var (size, length) = (Int32(0), socklen_t(4))
    guard unsafe getsockopt(file.number, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 else { return 0 }
    return max(0, Int(size) - 32)
  }

  /// Sends messages to the kernel, the default peer of a netlink socket, and returns the sequence numbers of their replies.
  func send(_ messages: [NetlinkMessage]) throws(NetlinkError) -> SequenceNumbers {
    let numbers = SequenceNumbers.next(messages.count)
    try send(encode(messages, numbers))
    return numbers
  }

  /// Encodes messages with these sequence numbers; throws `EMSGSIZE` if one has an attribute that is too long.
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
}
