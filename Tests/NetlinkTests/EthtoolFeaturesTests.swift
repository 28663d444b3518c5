// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Testing

/// What any process may read of lo, which every network namespace has.
@Suite struct EthtoolFeaturesTests {
  @Test("the features that can be changed are read")
  func read() throws {
    let socket = try GenericSocket.open()
    let features = try socket.features(of: "lo", try socket.ethtool())
    let names = features.map(\.name)
    #expect(names.contains("tx-tcp-segmentation"))
  }

  @Test("an interface that is missing is an error with its name")
  func missing() throws {
    let socket = try GenericSocket.open()
    let family = try socket.ethtool()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.features(of: "nosuch0", family) }
    #expect(error?.action == "read the features of nosuch0")
  }
}
