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
  private static let headerLength = 16

  /// Splits a datagram; what is cut short at its end is left out. With patterns, only the first message is answered, those
  /// whose bytes hold one of them, and those that are no data: a dump may have thousands of others.
  static func split(_ datagram: [UInt8], holding patterns: [[UInt8]]? = nil) -> [NetlinkReply] {
    unsafe datagram.withUnsafeBytes { unsafe split($0, holding: patterns) }
  }

  private static func split(_ datagram: UnsafeRawBufferPointer, holding patterns: [[UInt8]]?) -> [NetlinkReply] {
    var replies: [NetlinkReply] = []
    // One search through the whole datagram is faster than one through each of a hundred messages, few of which match.
    let mayMatch = patterns?.contains { unsafe datagram.holds($0) } ?? true
    unsafe forEachMessage(in: datagram) { message in
      let type = unsafe message.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
      let flags = unsafe message.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
      let sequence = unsafe message.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
      // What is interrupted must be known to be.
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

  /// The values of an attribute of 64 bits, in the kernel's byte order, in those messages of a datagram that reply to these requests
  /// and have it behind nfnetlink's header. Makes no reply of a message, as a dump may have thousands.
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

  /// Whether a dump ends here.
  package var isEnd: Bool { type == UInt16(NLMSG_DONE) }
  /// Whether what is being dumped changed meanwhile.
  package var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }

  /// The kernel's error number, positive: 0 for an acknowledgement, nil for a message that is neither.
  package var errorNumber: Int32? {
    guard type == UInt16(NLMSG_ERROR) || (isEnd && payload.count >= 4) else { return nil }
    // A dump that ends well carries 0 too, or nothing.
    let number = payload.integer(Int32.self, at: 0) ?? -EPROTO
    if isEnd, number == 0 { return nil }
    return number == .min ? EPROTO : -number
  }

  /// The error that this message reports, if it does.
  package func failure(_ action: @autoclosure () -> String) -> NetlinkError? {
    guard let number = errorNumber, number != 0 else { return nil }
    // After the error come the echoed header, the request unless it was capped, and attributes (NLM_F_ACK_TLVS).
    var explanation = ""
    if flags & UInt16(NLM_F_ACK_TLVS) != 0 {
      let echoed = flags & UInt16(NLM_F_CAPPED) != 0 ? 16 : Int(payload.integer(UInt32.self, at: 4) ?? 16)
      let text = Attributes(payload.dropFirst(4 + ((echoed + 3) & ~3)))[Int(NLMSGERR_ATTR_MSG.rawValue)]
      explanation = text?.text ?? ""
    }
    return NetlinkError(action(), number: number, explanation: explanation)
  }

  /// What follows the header.
  package var payload: ArraySlice<UInt8> { bytes.dropFirst(Self.headerLength) }

  /// The attributes after a fixed part of so many bytes.
  package func attributes(after length: Int) -> Attributes { Attributes(payload.dropFirst(length)) }
}

extension ArraySlice<UInt8> {
  /// Whether these bytes are somewhere among them.
  package func holds(_ pattern: [UInt8]) -> Bool {
    unsafe withUnsafeBytes { bytes in unsafe bytes.holds(pattern) }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these bytes are somewhere among them.
  package func holds(_ needle: [UInt8]) -> Bool { unsafe firstPlace(of: needle) != nil }

  /// The offset at which these bytes first are; nil if they are nowhere.
  package func firstPlace(of needle: [UInt8]) -> Int? {
    guard let start = baseAddress else { return needle.isEmpty ? 0 : nil }
    return unsafe needle.withUnsafeBytes {
      unsafe memmem(start, count, $0.baseAddress ?? start, needle.count).map { unsafe UnsafeRawPointer($0) - start }
    }
  }
}
