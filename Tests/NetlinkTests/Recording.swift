// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@testable import Netlink

/// A message between a program and the kernel, as `strace -e trace=sendmsg,recvmsg -e write=all -e read=all` showed it
/// (iproute2 6.1, kernel 6.18), an attribute a line. Its sequence number and port are 0, and what nobody here reads is
/// left out: tables of rates, statistics, most of an interface's attributes.
struct Recording: Sendable {
  let bytes: [UInt8]

  /// Takes hexadecimal digits; spaces and line feeds do not count.
  init(_ digits: String) {
    let digits = digits.compactMap(\.hexDigitValue)
    bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  var reply: NetlinkReply {
    get throws {
      let replies = NetlinkReply.split(bytes)
      try #require(replies.count == 1 && replies[0].bytes == bytes)
      return replies[0]
    }
  }

  /// The message with so many bytes of its payload, and a length that says so.
  func reply(prefix count: Int) throws -> NetlinkReply {
    var header: [UInt8] = []
    header.append(integer: UInt32(16 + count))
    return try #require(NetlinkReply.split(header + bytes[4..<16 + count]).first)
  }
}

/// The attributes with no others in them, by the types on the way to them: what a message says, whatever the order.
func leaves(_ list: ArraySlice<UInt8>, nested: Set<[Int]>, path: [Int] = []) -> [[Int]: [UInt8]] {
  var result: [[Int]: [UInt8]] = [:]
  for (type, value) in AttributeList(list) {
    let path = path + [type]
    if nested.contains(path) {
      result.merge(leaves(value, nested: nested, path: path)) { $0 + $1 }
    } else {
      result[path, default: []] += value
    }
  }
  return result
}

extension SeededGenerator {
  /// A number with any count of bits.
  mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type) -> T {
    T.random(in: .min ... .max, using: &self) >> T.random(in: 0..<T(T.bitWidth), using: &self)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}
