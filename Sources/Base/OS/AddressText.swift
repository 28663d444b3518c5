// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// Parses an address by inet_pton(3); the bytes are in network byte order.
package func addressBytes(_ text: String, family: Int32) -> [UInt8]? {
  // inet_pton would stop at a NUL and accept the text before it.
  if text.utf8.contains(0) { return nil }
  var read = false
  let bytes = unsafe [UInt8].filled(family == AF_INET ? 4 : 16) { buffer in
    read = unsafe inet_pton(family, text, buffer.baseAddress) == 1
    return read ? buffer.count : 0
  }
  return read ? bytes : nil
}

/// The usual text of an address whose bytes are in network byte order.
package func addressText(_ bytes: [UInt8], family: Int32) -> String {
  let text = unsafe [UInt8].filled(Int(INET6_ADDRSTRLEN)) { buffer in
    unsafe bytes.withUnsafeBytes { source in
      guard
        let base = source.baseAddress, let text = buffer.baseAddress,
        unsafe inet_ntop(family, base, text, socklen_t(buffer.count)) != nil
      else { return 0 }
      return unsafe strnlen(text, buffer.count)
    }
  }
  // inet_ntop writes ::1:2 as ::0.1.0.2; RFC 5952 has dotted decimals only where a prefix says that there is an IPv4 address.
  if family == AF_INET6, text.contains(UInt8(ascii: ".")), bytes[..<12].allSatisfy({ $0 == 0 }) {
    let groups = [12, 14].map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
    return "::\(groups[0]):\(groups[1])"
  }
  return String(decoding: text, as: UTF8.self)
}
