// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// A request to the kernel under construction: a header, the family's fixed part, attributes. Integers are in host byte
/// order unless said otherwise.
package struct NetlinkMessage: Sendable {
  private let type: UInt16
  private var flags: UInt16
  private var body: [UInt8] = []

  /// Starts a message of a type with `NLM_F_REQUEST` and the other flags (linux/netlink.h).
  package init(type: UInt16, flags: Int32 = 0) {
    self.type = type
    self.flags = UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags)
  }

  /// Starts a message of a netfilter subsystem (struct nfgenmsg, linux/netfilter/nfnetlink.h).
  package init(nfnetlink type: UInt16, flags: Int32 = 0, family: UInt8, resource: UInt16 = 0) {
    self.init(type: type, flags: flags)
    body.append(integer: family)
    body.append(integer: UInt8(NFNETLINK_V0))
    body.append(bigEndian: resource)
  }

  /// The message on the wire (RFC 3549, 2.2).
  package func bytes(sequence: UInt32) -> [UInt8] {
    var header: [UInt8] = []
    header.reserveCapacity(16 + body.count)
    header.append(integer: UInt32(16 + body.count))
    header.append(integer: type)
    header.append(integer: flags)
    header.append(integer: sequence)
    header.append(integer: UInt32(0))
    return header + body
  }

  /// Asks the kernel to answer even if all goes well.
  package mutating func requestAcknowledgement() { flags |= UInt16(NLM_F_ACK) }

  package mutating func append<T: FixedWidthInteger>(_ value: T) { body.append(integer: value) }

  package mutating func append(bytes: [UInt8]) { body += bytes }

  /// Appends an attribute, padded to four bytes; its length has 16 bits, and a longer value is cut.
  package mutating func attribute(_ type: some BinaryInteger, _ value: [UInt8]) {
    let value = value.prefix(Int(UInt16.max) - 4)
    body.append(integer: UInt16(4 + value.count))
    body.append(integer: UInt16(truncatingIfNeeded: type))
    body += value
    pad()
  }

  package mutating func attribute<T: FixedWidthInteger>(_ type: some BinaryInteger, _ value: T) {
    var bytes: [UInt8] = []
    bytes.append(integer: value)
    attribute(type, bytes)
  }

  /// Appends an attribute that holds those that `build` appends.
  package mutating func nested(_ type: some BinaryInteger, _ build: (inout NetlinkMessage) -> Void) {
    var inner = NetlinkMessage(type: 0)
    build(&inner)
    attribute(UInt16(truncatingIfNeeded: type) | UInt16(NLA_F_NESTED), inner.body)
  }

  /// Appends a NUL-terminated text.
  package mutating func attribute(_ type: some BinaryInteger, text: String) { attribute(type, Array(text.utf8) + [0]) }

  /// Appends a value as nf_tables has it (`NFTA_DATA_VALUE`).
  package mutating func attribute(_ type: some BinaryInteger, data: [UInt8]) {
    nested(type) { $0.attribute(NFTA_DATA_VALUE.rawValue, data) }
  }

  /// What follows the header.
  package var contents: [UInt8] { body }

  private mutating func pad() {
    while body.count % 4 != 0 { body.append(0) }
  }
}

extension Array where Element == UInt8 {
  /// Appends an integer in host byte order.
  @inlinable package mutating func append<T: FixedWidthInteger>(integer: T) {
    var rest = integer.littleEndian
    for _ in 0..<T.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: rest))
      rest = T.bitWidth > 8 ? rest >> 8 : 0
    }
  }

  /// Appends an integer in network byte order.
  @inlinable package mutating func append<T: FixedWidthInteger>(bigEndian integer: T) {
    append(integer: integer.bigEndian)
  }
}
