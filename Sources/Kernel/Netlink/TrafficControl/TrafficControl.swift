// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// The handle of a qdisc or the ID of a class: a major and a minor number, such as `1:0` (linux/pkt_sched.h).
package struct TrafficHandle: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ major: UInt16, _ minor: UInt16 = 0) { rawValue = UInt32(major) << 16 | UInt32(minor) }

  /// The parent of the root (egress) qdisc (`TC_H_ROOT`).
  package static let root = TrafficHandle(rawValue: 0xffff_ffff)
  /// The parent of the ingress qdisc (`TC_H_INGRESS`, `TC_H_CLSACT`).
  package static let ingress = TrafficHandle(rawValue: 0xffff_fff1)
  /// The parent of ingress filters (`TC_H_MIN_INGRESS`).
  package static let ingressFilters = TrafficHandle(0xffff, 0xfff2)

  package var major: UInt16 { UInt16(rawValue >> 16) }
  package var minor: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

  /// In tc's notation: hexadecimal.
  package var description: String {
    "\(String(major, radix: 16)):\(minor == 0 ? "" : String(minor, radix: 16))"
  }
}

/// The fixed part of traffic control's messages (struct tcmsg, linux/rtnetlink.h).
struct TrafficHeader: Equatable {
  static let length = 20

  var interface: UInt32
  var handle: UInt32 = 0
  var parent: TrafficHandle
  /// Of a filter: the priority in the upper half, the protocol in network byte order in the lower.
  var info: UInt32 = 0

  init(_ interface: UInt32, parent: TrafficHandle) {
    self.interface = interface
    self.parent = parent
  }

  /// Reads a reply's; nil if it is truncated.
  init?(_ reply: NetlinkReply) {
    let payload = reply.payload
    guard
      let interface = payload.integer(UInt32.self, at: 4), let handle = payload.integer(UInt32.self, at: 8),
      let parent = payload.integer(UInt32.self, at: 12), let info = payload.integer(UInt32.self, at: 16)
    else { return nil }
    self.interface = interface
    self.handle = handle
    self.parent = TrafficHandle(rawValue: parent)
    self.info = info
  }

  func message(_ type: Int, _ flags: Int32) -> NetlinkMessage {
    var message = NetlinkMessage(type: UInt16(type), flags: flags)
    message.append(UInt32(AF_UNSPEC))
    for word in [interface, handle, parent.rawValue, info] { message.append(word) }
    return message
  }
}
