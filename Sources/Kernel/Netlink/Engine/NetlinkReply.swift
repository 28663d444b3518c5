// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A message from the kernel.
package struct NetlinkReply: Sendable {
  /// The whole message, its header included.
  package let bytes: [UInt8]
  package let type: UInt16
  private let flags: UInt16
  /// The number of the request that this replies to.
  let sequence: UInt32

  /// The length of a message's header (struct nlmsghdr).
  package static let headerLength = 16

  /// Splits a datagram into messages, and drops a truncated one at the end. With patterns, keeps only the first message, control
  /// messages, and messages that contain a pattern: a dump may have thousands of others.
  static func split(_ datagram: [UInt8], holding patterns: [[UInt8]]? = nil) -> [NetlinkReply] {
    unsafe datagram.withUnsafeBytes { unsafe split($0, holding: patterns) }
  }

  private static func split(_ datagram: UnsafeRawBufferPointer, holding patterns: [[UInt8]]?) -> [NetlinkReply] {
    var replies: [NetlinkReply] = []
    // One search through the whole datagram is faster than one through each of its messages, few of which match.
    let mayMatch = patterns?.contains { unsafe datagram.holds($0) } ?? true
    unsafe forEachMessage(in: datagram) { message in
      let type = unsafe message.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
      let flags = unsafe message.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
      let sequence = unsafe message.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
      // A message that says that the dump was interrupted must be kept.
      let isFirst = unsafe message.baseAddress == datagram.baseAddress
      let isData = type >= UInt16(NLMSG_MIN_TYPE) && flags & UInt16(NLM_F_DUMP_INTR) == 0 && !isFirst
      if !isData || mayMatch && (patterns?.contains { unsafe message.holds($0) } ?? true) {
        replies.append(unsafe NetlinkReply(bytes: [UInt8](message), type: type, flags: flags, sequence: sequence))
      }
    }
    return replies
  }

  private static func forEachMessage(
    in datagram: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    var start = 0
    while datagram.count - start >= headerLength {
      let length = Int(unsafe datagram.loadUnaligned(fromByteOffset: start, as: UInt32.self))
      guard length >= headerLength, length <= datagram.count - start else { break }
      unsafe body(UnsafeRawBufferPointer(rebasing: datagram[start..<start + length]))
      start += (length + 3) & ~3
    }
  }

  /// The values of a 64-bit attribute behind nfnetlink's header, in the kernel's byte order, of the messages of a datagram that reply
  /// to these requests. Makes no `NetlinkReply` of each message, because a dump may have thousands.
  static func values(
    of attribute: UInt32, in datagram: [UInt8], repliesTo numbers: SequenceNumbers
  ) -> [UInt64] {
    var values: [UInt64] = []
    unsafe datagram.withUnsafeBytes { datagram in
      unsafe forEachMessage(in: datagram) { message in
        guard unsafe numbers.contains(message.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) else { return }
        var start = headerLength + 4  // struct nfgenmsg
        while message.count - start >= 4 {
          let length = Int(unsafe message.loadUnaligned(fromByteOffset: start, as: UInt16.self))
          let type = unsafe message.loadUnaligned(fromByteOffset: start + 2, as: UInt16.self)
          guard length >= 4, length <= message.count - start else { return }
          if UInt32(type) == attribute, length >= 12 {
            return values.append(unsafe message.loadUnaligned(fromByteOffset: start + 4, as: UInt64.self))
          }
          start += (length + 3) & ~3
        }
      }
    }
    return values
  }

  /// Whether this message ends a dump (`NLMSG_DONE`).
  package var isEnd: Bool { type == UInt16(NLMSG_DONE) }
  /// Whether the dumped list changed during the dump (`NLM_F_DUMP_INTR`).
  package var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }

  /// The kernel's error number, positive: 0 for an acknowledgement, nil for a message that is neither.
  package var errorNumber: Int32? {
    guard type == UInt16(NLMSG_ERROR) || (isEnd && payload.count >= 4) else { return nil }
    // A dump that succeeds ends with 0 or without a number.
    let number = payload.integer(Int32.self, at: 0) ?? -EPROTO
    if isEnd, number == 0 { return nil }
    return number == .min ? EPROTO : -number
  }

  /// The error that this message reports, if it does.
  package func failure(_ action: @autoclosure () -> String) -> NetlinkError? {
    guard let number = errorNumber, number != 0 else { return nil }
    // The number is followed by the request's header, the request unless NLM_F_CAPPED is set, and attributes (NLM_F_ACK_TLVS).
    var explanation = ""
    if flags & UInt16(NLM_F_ACK_TLVS) != 0 {
      let echoed = flags & UInt16(NLM_F_CAPPED) != 0 ? 16 : Int(payload.integer(UInt32.self, at: 4) ?? 16)
      let text = Attributes(payload.dropFirst(4 + ((echoed + 3) & ~3)))[Int(NLMSGERR_ATTR_MSG.rawValue)]
      explanation = text?.text ?? ""
    }
    return NetlinkError(action(), number: number, explanation: explanation)
  }

  /// The bytes after the header.
  package var payload: ArraySlice<UInt8> { bytes.dropFirst(Self.headerLength) }

  /// The attributes after a fixed part of `length` bytes.
  package func attributes(after length: Int) -> Attributes { Attributes(payload.dropFirst(length)) }
}

extension ArraySlice<UInt8> {
  /// Whether these bytes contain the pattern.
  package func holds(_ pattern: [UInt8]) -> Bool {
    unsafe withUnsafeBytes { bytes in unsafe bytes.holds(pattern) }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these bytes contain the pattern.
  package func holds(_ pattern: [UInt8]) -> Bool { unsafe firstPlace(of: pattern) != nil }

  /// The offset of the pattern's first occurrence; nil if there is none.
  package func firstPlace(of pattern: [UInt8]) -> Int? {
    guard let start = baseAddress else { return pattern.isEmpty ? 0 : nil }
    return unsafe pattern.withUnsafeBytes {
      unsafe memmem(start, count, $0.baseAddress ?? start, pattern.count).map { unsafe UnsafeRawPointer($0) - start }
    }
  }
}
