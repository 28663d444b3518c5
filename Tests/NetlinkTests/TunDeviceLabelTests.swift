// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@testable import Netlink

@Suite("a TAP interface that a child process makes", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct TunDeviceLabelTests {
  @Test("it stays, with its options, in the namespace of the caller")
  func child() throws {
    let namespace = try Namespace()
    try namespace.run {
      var options = TunOptions()
      options.owner = 4001
      let made = options
      try TunDevice.inChild("make") { () throws(SystemError) in try TunDevice.make("tap0", made) }
    }
    let link = try namespace.command("ip", "-d", "link", "show", "tap0")
    #expect(link.contains("tun type tap") && link.contains("user 4001") && link.contains("persist on"))
  }

  @Test("an error in the child is the error, with its number")
  func failure() throws {
    let error = #expect(throws: SystemError.self) {
      try TunDevice.inChild("do it") { () throws(SystemError) in throw SystemError("x", number: EBUSY) }
    }
    #expect(error == SystemError("do it", number: EBUSY))
  }

  @Test("without SELinux a label is an error, and makes nothing", .disabled(if: TunDevice.hasLabels))
  func noLabels() throws {
    let namespace = try Namespace()
    #expect(throws: SystemError.self) {
      try namespace.run { try TunDevice.add("tap0", TunOptions(), label: "system_u:system_r:container_t:s0") }
    }
    #expect(try !namespace.command("ip", "link").contains("tap0"))
  }
}
