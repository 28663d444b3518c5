// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A request to the kernel under construction: a header, the family's fixed part, attributes. Integers are in host byte
/// order unless said otherwise.
package struct NetlinkMessage: Sendable {
  package let type: UInt16
  package private(set) var flags: UInt16
  @usableFromInline var body: [UInt8] = []
  /// The first attribute that exceeds the 16-bit length; sending such a message fails.
  private(set) var overlong: OverlongAttribute?

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

  /// Makes the kernel reply on success too (`NLM_F_ACK`).
  package mutating func requestAcknowledgement() { flags |= UInt16(NLM_F_ACK) }

  package mutating func append<T: FixedWidthInteger>(_ value: T) { body.append(integer: value) }

  package mutating func append(bytes: [UInt8]) { body += bytes }

  /// Appends an attribute, padded to four bytes. A value that exceeds the 16-bit length makes sending fail with `EMSGSIZE`.
  @inlinable package mutating func attribute(_ type: some BinaryInteger, _ value: [UInt8]) {
    let start = begin(UInt16(truncatingIfNeeded: type))
    body += value
    end(start)
  }

  @inlinable package mutating func attribute<T: FixedWidthInteger>(_ type: some BinaryInteger, _ value: T) {
    let start = begin(UInt16(truncatingIfNeeded: type))
    body.append(integer: value)
    end(start)
  }

  /// Appends a NUL-terminated text.
  @inlinable package mutating func attribute(_ type: some BinaryInteger, text: String) {
    let start = begin(UInt16(truncatingIfNeeded: type))
    body += text.utf8
    body.append(0)
    end(start)
  }

  /// Appends an attribute that holds those that `build` appends.
  @inlinable package mutating func nested(_ type: some BinaryInteger, _ build: (inout NetlinkMessage) -> Void) {
    let start = begin(UInt16(truncatingIfNeeded: type) | UInt16(NLA_F_NESTED))
    build(&self)
    end(start)
  }

  /// Appends a value wrapped in nf_tables' `NFTA_DATA_VALUE`.
  @inlinable package mutating func attribute(_ type: some BinaryInteger, data: [UInt8]) {
    nested(type) { $0.attribute(NFTA_DATA_VALUE.rawValue, data) }
  }

  /// Begins an attribute, and returns its offset for `end`, which fills in the length.
  @usableFromInline mutating func begin(_ type: UInt16) -> Int {
    body.append(integer: UInt16(0))
    body.append(integer: type)
    return body.count - 4
  }

  @usableFromInline mutating func end(_ start: Int) {
    let length = body.count - start
    if length > OverlongAttribute.limit, overlong == nil {
      overlong = OverlongAttribute(type: Int(body[start + 2]) | Int(body[start + 3] & 0x3f) << 8, length: length)
    }
    body[start] = UInt8(truncatingIfNeeded: length)
    body[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
    while body.count % 4 != 0 { body.append(0) }
  }

  /// The bytes after the header.
  package var contents: [UInt8] { body }
}

/// An attribute that is too long for a message.
struct OverlongAttribute: Equatable, Sendable {
  /// The largest length of an attribute with its header, in bytes (16 bits in struct nlattr, linux/netlink.h).
  static let limit = Int(UInt16.max)

  let type: Int
  let length: Int

  func error(_ action: String) -> NetlinkError {
    let text = "the attribute of type \(type) takes \(length) bytes and can have at most \(Self.limit)"
    return NetlinkError(action, number: EMSGSIZE, explanation: text)
  }
}

extension Array where Element == UInt8 {
  /// Appends an integer in host byte order.
  @inlinable package mutating func append<T: FixedWidthInteger>(integer: T) {
    unsafe Swift.withUnsafeBytes(of: integer) { unsafe append(contentsOf: $0) }
  }

  /// Appends an integer in network byte order.
  @inlinable package mutating func append<T: FixedWidthInteger>(bigEndian integer: T) {
    append(integer: integer.bigEndian)
  }
}

extension NetlinkMessage {
  /// Appends an attribute unless it is nil.
  @inlinable package mutating func attribute<T: FixedWidthInteger>(_ type: some BinaryInteger, ifPresent value: T?) {
    if let value { attribute(type, value) }
  }

  /// Appends a byte that is 0 or 1, unless it is nil.
  package mutating func attribute(_ type: some BinaryInteger, flag: Bool?) {
    if let flag { attribute(type, UInt8(flag ? 1 : 0)) }
  }
}
