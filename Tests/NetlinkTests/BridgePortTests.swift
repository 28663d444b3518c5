// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Testing

@Suite struct BridgePortTests {
  @Test("an interface that is no port of a bridge, or is not there, is none", arguments: ["lo", "no-such-link"])
  func none(name: String) throws {
    let socket = try NetlinkSocket.open(.route)
    let port = try socket.bridgePort(named: name)
    #expect(port == nil)
  }
}
