// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNftnl

/// A comment as libnftnl writes it into user data.
func userData(_ comment: String) -> [UInt8] {
  guard let buffer = nftnl_udata_buf_alloc(256) else { return [] }
  defer { nftnl_udata_buf_free(buffer) }
  guard nftnl_udata_put_strz(buffer, UInt8(NFTNL_UDATA_RULE_COMMENT.rawValue), comment) else { return [] }
  let length = Int(nftnl_udata_buf_len(buffer))
  return Array(UnsafeRawBufferPointer(start: nftnl_udata_buf_data(buffer), count: length))
}

/// The comments that libnftnl finds in user data, which it walks to the end.
func comments(_ userData: [UInt8]) -> [String] {
  let attributes = userData.withUnsafeBytes { bytes in
    collect { nftnl_udata_parse(bytes.baseAddress, UInt32(bytes.count), $0, $1) }.map { attribute in
      let value = UnsafeRawBufferPointer(
        start: nftnl_udata_get(attribute), count: Int(nftnl_udata_len(attribute)))
      return (type: nftnl_udata_type(attribute), value: Array(value))
    }
  }
  return attributes.filter { $0.type == UInt8(NFTNL_UDATA_RULE_COMMENT.rawValue) && $0.value.last == 0 }
    .map { String(decoding: $0.value.dropLast(), as: UTF8.self) }
}
