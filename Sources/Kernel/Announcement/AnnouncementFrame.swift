// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// An Ethernet frame that announces an address: everyone who hears it updates its entry for the address.
struct AnnouncementFrame: Equatable {
  let bytes: [UInt8]

  /// The frames for an address: two forms of gratuitous ARP (RFC 5227, 3), of which some hosts heed only one; for IPv6 an unsolicited
  /// neighbour advertisement.
  static func all(for address: IPAddress, at mac: MACAddress) -> [AnnouncementFrame] {
    switch address.family {
    case .ip: [arp(.request, address, mac), arp(.reply, address, mac)]
    case .ip6: [neighbourAdvertisement(address, mac)]
    }
  }

  /// The operation of an ARP packet (RFC 826).
  private enum ARPOperation: UInt16 {
    case request = 1
    case reply = 2
  }

  /// An ARP packet in which sender and target have the same address (RFC 826).
  private static func arp(_ operation: ARPOperation, _ address: IPAddress, _ mac: MACAddress) -> AnnouncementFrame {
    let everyone = [UInt8](repeating: 0xff, count: 6)
    let unknown = [UInt8](repeating: 0, count: 6)
    var packet = words(1, 0x0800)  // Ethernet, IPv4
    packet += [6, 4] + words(operation.rawValue)
    packet += mac.bytes + address.bytes
    packet += (operation == .request ? unknown : everyone) + address.bytes
    return AnnouncementFrame(bytes: everyone + mac.bytes + words(0x0806) + packet)
  }

  /// A neighbour advertisement to all nodes that overrides entries (RFC 4861, 4.4 and 7.2.6).
  private static func neighbourAdvertisement(_ address: IPAddress, _ mac: MACAddress) -> AnnouncementFrame {
    let allNodes: [UInt8] = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [1]  // ff02::1
    let override: UInt8 = 0x20
    let targetLinkAddress: [UInt8] = [2, 1]  // its length is in units of eight bytes
    var message: [UInt8] = [136, 0, 0, 0, override, 0, 0, 0] + address.bytes + targetLinkAddress + mac.bytes
    let sum = checksum(address.bytes + allNodes + words(0, UInt16(message.count), 0, 58) + message)
    message.replaceSubrange(2..<4, with: words(sum))
    // Version 6; the payload's length; ICMPv6; the hop limit that proves that no router forwarded it.
    let header: [UInt8] = [0x60, 0, 0, 0] + words(UInt16(message.count)) + [58, 255] + address.bytes + allNodes
    let group: [UInt8] = [0x33, 0x33, 0, 0, 0, 1]
    return AnnouncementFrame(bytes: group + mac.bytes + words(0x86dd) + header + message)
  }

  private static func words(_ values: UInt16...) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
  }

  /// The Internet checksum of an even number of bytes (RFC 1071).
  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count - 1, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
