// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Netlink
import Testing

@Suite struct NetlinkErrorTests {
  @Test("the text says what was done, why it failed, and the kernel's own words if it had any")
  func text() {
    #expect(NetlinkError("list x", number: EPERM).description == "list x: Operation not permitted")
    #expect(
      NetlinkError("list x", number: ENOENT, explanation: "no table").description
        == "list x: No such file or directory (no table)")
  }

  @Test("what the kernel answers where no way leads is told from other errors")
  func noRoute() {
    for number in [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL] { #expect(NetlinkError("", number: number).isNoRoute) }
    for number in [EPERM, ENOENT, ENOBUFS] { #expect(!NetlinkError("", number: number).isNoRoute) }
  }
}
