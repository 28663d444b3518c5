// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Netlink

extension NetlinkMessage {
  /// The message as whoever it is sent to takes it from the wire.
  func received() throws -> NetlinkReply {
    let replies = NetlinkReply.split(bytes(sequence: 1))
    try #require(replies.count == 1)
    return replies[0]
  }
}
