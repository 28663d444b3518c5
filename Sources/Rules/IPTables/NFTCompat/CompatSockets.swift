// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// The netlink sockets of a transport, used by one thread at a time. They stay open as long as the transport: while one is closed
/// that has deleted something the ruleset cannot be changed, and that once, when the process ends, is enough.
final class CompatSockets: @unchecked Sendable {
  /// A socket that several have.
  final class Shared {
    let socket: NetfilterSocket

    fileprivate init(_ socket: consuming NetfilterSocket) { self.socket = socket }
  }

  private var open: Shared?
  /// Those that can be asked nothing else.
  private var used: [Shared] = []

  /// A process has 1,024 descriptors, and where others change the tables all the time every attempt takes some.
  private static let usedLimit = 64

  /// The one that is asked one thing after another.
  func main() throws(NetlinkError) -> Shared {
    if let open { return open }
    let socket = Shared(try NetfilterSocket.open())
    open = socket
    return socket
  }

  /// One for a list that may not be read to its end.
  func another() throws(NetlinkError) -> Shared {
    let socket = Shared(try NetfilterSocket.open())
    keep(socket)
    return socket
  }

  /// After a failure: what the kernel has still to deliver must not be taken for the next answer.
  func renew() {
    if let open { keep(open) }
    open = nil
  }

  private func keep(_ socket: Shared) {
    if used.count == Self.usedLimit { used.removeFirst() }
    used.append(socket)
  }
}
