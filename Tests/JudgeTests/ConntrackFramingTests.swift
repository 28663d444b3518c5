// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import FramingSupport
import Testing

@testable import Netlink

@Suite("the framing of messages about connections, as libmnl walks it")
struct ConntrackFramingTests {
  @Test("what asks for flows and what forgets them")
  func flows() throws {
    let address = try #require(IPAddress("192.0.2.1"))
    var request = NetlinkMessage(conntrack: IPCTNL_MSG_CT_GET, NLM_F_DUMP, .ip)
    request.tuple(
      CTA_TUPLE_ORIG, 6, address: (CTA_IP_V4_DST, address), port: (CTA_PROTO_DST_PORT, 8080))
    request.tuple(
      CTA_TUPLE_REPLY, 6, address: (CTA_IP_V4_SRC, address), port: (CTA_PROTO_SRC_PORT, 80))
    request.filter(original: [1, 2], reply: [4])
    let flow = try #require(TrackedFlow(try request.received()))
    let bytes = request.bytes(sequence: 1) + flow.deletion.bytes(sequence: 2)
    #expect(Framing.netfilter.problems(bytes) == [])
  }
}
