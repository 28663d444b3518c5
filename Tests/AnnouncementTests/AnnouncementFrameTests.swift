// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@testable import Announcement

@Suite("frames that announce an address") struct AnnouncementFrameTests {
  private let mac = MACAddress("02:00:00:00:00:05")

  private func frames(_ address: String) throws -> [[UInt8]] {
    let (address, mac) = (try #require(IPAddress(address)), try #require(mac))
    return AnnouncementFrame.all(for: address, at: mac).map(\.bytes)
  }

  @Test("an IPv4 address has an ARP request and an ARP reply, both from and about itself")
  func arp() throws {
    let everyone: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    let own: [UInt8] = [2, 0, 0, 0, 0, 5]
    let address: [UInt8] = [10, 22, 0, 5]
    let head = everyone + own + [0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0]
    #expect(
      try frames("10.22.0.5") == [
        head + [1] + own + address + [0, 0, 0, 0, 0, 0] + address,
        head + [2] + own + address + everyone + address,
      ])
  }

  @Test("an IPv6 address has one advertisement to all nodes that overrides, with hop limit 255 and its MAC address")
  func neighbourAdvertisement() throws {
    let all = try frames("fd00:22::5")
    let frame = try #require(all.first)
    #expect(all.count == 1 && frame.count == 14 + 40 + 32)
    #expect(frame[..<14] == [0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 5, 0x86, 0xdd])
    #expect(frame[14..<22] == [0x60, 0, 0, 0, 0, 32, 58, 255])
    #expect(frame[38..<54] == [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(frame[54] == 136 && frame[58] == 0x20)
    #expect(frame.suffix(8) == [2, 1, 2, 0, 0, 0, 0, 5])
  }
}
