// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension NetlinkSocket {
  /// Returns the replies to these requests in the next datagram that contains any; `split` splits a datagram. Without `waiting` it
  /// returns none if no datagram is queued. Replies to other requests are dropped: they belong to a request that failed or was abandoned.
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
      // With MSG_TRUNC the result is the length of the whole datagram, even if it was truncated.
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

  /// Waits at most this time for a datagram, or for the error that notifications were lost.
  func isReadable(within milliseconds: Int32) throws(NetlinkError) -> Bool {
    var request = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
    return try Self.call("receive from \(bus.title)") { unsafe poll(&request, 1, milliseconds) } > 0
  }

  /// The messages of the next datagram of a subscribed socket; empty if none is queued.
  func receiveEvents() throws(NetlinkError) -> [NetlinkReply] {
    try receiveDatagram("receive from \(bus.title)", { NetlinkReply.split($0) }) ?? []
  }

  /// Discards the rest of an unfinished dump: reads it if it is short, else replaces the socket.
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

  /// Replaces this socket by a new one: the kernel refuses a second dump on a socket (`EBUSY`) until the first is read to its end, which
  /// may fail or take long. Returns false, and keeps the socket, if that is not possible.
  @discardableResult
  private func renew() -> Bool {
    guard isOfThisNamespace, let fresh = try? Self.open(bus) else { return false }
    // The rules are gone by then; only their memory is not freed yet.
    let last = isSlowToClose ? closeInBackground(file.number) : nil
    let number = dup3(fresh.file.number, file.number, Int32(SOCK_CLOEXEC.rawValue))
    _ = consume last
    return number >= 0
  }

  /// Whether the calling thread is in the socket's namespace.
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
