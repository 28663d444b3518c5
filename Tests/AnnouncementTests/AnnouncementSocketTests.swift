// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Announcement
import Glibc
import Netlink
import TestSupport
import Testing

@Suite("announcing addresses", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct AnnouncementSocketTests {
  @Test("a neighbour replaces the MAC address that it has for an address", arguments: ["10.22.0.5", "fd00:22::5"])
  func replaces(text: String) throws {
    let (near, far) = (try Namespace(), try Namespace())
    try near.ip("link add v0 address 02:00:00:00:00:05 type veth peer name v1 netns \(far.path)")
    try far.ip("link set v1 up")
    // Last, as a plugin does: an interface that is up before its peer sends nothing until a worker of the kernel has run.
    try near.ip("link set v0 up")
    try far.ip(
      """
      addr add 10.22.0.1/16 dev v1
      addr add fd00:22::1/64 dev v1 nodad
      neigh add \(text) lladdr 02:00:00:00:00:99 dev v1 nud stale
      """)
    let (address, mac) = (try #require(IPAddress(text)), try #require(MACAddress("02:00:00:00:00:05")))
    try near.run {
      let index = try #require(RouteSocket.linkIndex(named: "v0"))
      try AnnouncementSocket.open(on: index, mac).announce([address])
    }
    var entry = ""
    // Without `await`, after which other tests may hold all threads until the kernel has collected the stale entry.
    for _ in 0..<100 {
      entry = try far.command("ip", "neigh", "show", text)
      if entry.contains("02:00:00:00:00:05") { break }
      usleep(20_000)
    }
    #expect(entry.contains("lladdr 02:00:00:00:00:05"))
  }
}
