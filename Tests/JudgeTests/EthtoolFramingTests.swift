// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import FramingSupport
import Testing

@testable import Netlink

@Suite("the framing of messages to ethtool, as libmnl walks it")
struct EthtoolFramingTests {
  @Test("what finds ethtool, what reads features and what switches them")
  func features() {
    let family = EthtoolFamily(number: 21)
    let features = [
      EthtoolFeature(name: "rx-gro", isOn: true), EthtoolFeature(name: "tx-checksum-ip-generic", isOn: false),
    ]
    let messages = [
      GenericSocket.ethtoolFamily(), GenericSocket.features(UInt8(ETHTOOL_MSG_FEATURES_GET), family, "eth0"),
      GenericSocket.change(features, of: "eth0", family),
    ]
    #expect(Framing.generic.problems(messages.flatMap { $0.bytes(sequence: 1) }) == [])
  }
}
