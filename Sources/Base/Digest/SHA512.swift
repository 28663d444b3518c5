// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CMessageDigest

/// The SHA-512 (FIPS 180-4) of a text's UTF-8 bytes as 128 lower-case hexadecimal digits.
package func sha512(_ text: String) -> String {
  let bytes = Array(text.utf8)
  var digits = [CChar](repeating: 0, count: 2 * Int(SHA512_DIGEST_LENGTH) + 1)
  unsafe _ = SHA512Data(bytes, bytes.count, &digits)
  return String(decoding: digits.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
