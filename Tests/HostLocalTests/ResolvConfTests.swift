// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import HostLocal

@Suite struct ResolvConfTests {
  @Test("name servers, searches and options add up, the last domain counts, comments and the rest are skipped")
  func parse() {
    let dns = ResolvConf.parse(
      """
      # nameserver 192.0.2.9
      ; nameserver 192.0.2.8
      domain a.example
        nameserver\t192.0.2.1\r
      nameserver 192.0.2.2 more
      search a.example b.example
      search c.example
      options ndots:2 edns0
      domain b.example
      nameserver
      sortlist 192.0.2.0
      """)
    var expected = NetworkResult.DNS()
    expected.nameservers = ["192.0.2.1", "192.0.2.2"]
    expected.domain = "b.example"
    expected.search = ["a.example", "b.example", "c.example"]
    expected.options = ["ndots:2", "edns0"]
    #expect(dns == expected)
  }
}
