// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

extension Field {
  /// An address without prefix length; nil if missing.
  package func address() throws(FieldError) -> IPAddress? {
    guard let text = try string() else { return nil }
    guard let address = IPAddress(text) else { throw expected("an IPv4 or IPv6 address") }
    return address
  }

  /// A list of addresses and prefixes, as networks; nil if missing.
  package func prefixes() throws(FieldError) -> [Prefix]? {
    guard let items = try array() else { return nil }
    var prefixes: [Prefix] = []
    for item in items {
      guard let text = try item.string(), let prefix = Prefix(addressOrPrefix: text) else {
        throw item.expected("an address or a prefix, such as 192.0.2.0/24")
      }
      prefixes.append(prefix.network)
    }
    return prefixes
  }
}
