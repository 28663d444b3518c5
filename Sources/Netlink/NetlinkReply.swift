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

  /// The length of a message's header (struct nlmsghdr).
  private static let headerLength = 16

  /// Splits a datagram; what is cut short at its end is left out.
  static func split(_ datagram: [UInt8]) -> [NetlinkReply] {
    var replies: [NetlinkReply] = []
    var rest = datagram[...]
    while let length = rest.integer(UInt32.self, at: 0).map(Int.init), length >= headerLength, length <= rest.count {
      let bytes = Array(rest.prefix(length))
      let type = bytes[...].integer(UInt16.self, at: 4) ?? 0
      replies.append(NetlinkReply(bytes: bytes, type: type, flags: bytes[...].integer(UInt16.self, at: 6) ?? 0))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return replies
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
