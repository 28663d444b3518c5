// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

extension NetlinkMessage {
  /// A message about tracked flows of a family.
  init(conntrack kind: cntl_msg_types, _ flags: Int32, _ family: AddressFamily) {
    self.init(
      nfnetlink: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(kind.rawValue), flags: flags, family: family.number)
  }

  /// Appends the parts of one direction's tuple that the kernel compares.
  mutating func tuple(
    _ direction: ctattr_type, _ transport: UInt8, address: (type: ctattr_ip, value: IPAddress)?,
    port: (type: ctattr_l4proto, value: UInt16)?
  ) {
    nested(direction.rawValue) { tuple in
      if let address {
        tuple.nested(CTA_TUPLE_IP.rawValue) { $0.attribute(address.type.rawValue, address.value.bytes) }
      }
      tuple.nested(CTA_TUPLE_PROTO.rawValue) {
        $0.attribute(CTA_PROTO_NUM.rawValue, transport)
        if let port { $0.attribute(port.type.rawValue, port.value.bigEndian) }
      }
    }
  }

  /// Appends the flags that say which parts of the two tuples the kernel compares (`CTA_FILTER`, kernel 5.8 and later).
  mutating func filter(original: [Int], reply: [Int]) {
    func flags(_ list: [Int]) -> UInt32 { list.reduce(0) { $0 | UInt32(truncatingIfNeeded: $1) } }
    nested(CTA_FILTER.rawValue) {
      $0.attribute(CTA_FILTER_ORIG_FLAGS.rawValue, flags(original))
      $0.attribute(CTA_FILTER_REPLY_FLAGS.rawValue, flags(reply))
    }
  }
}
