// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Testing

@testable import HostLocal

@Suite struct RangeSetTests {
  private func set(_ text: String) throws -> RangeSet { try RangeSet(Field(path: "s", JSON(text))) }

  /// The addresses of a full turn.
  private func turn(_ set: RangeSet, after last: String? = nil) throws -> [String] {
    var found: [String] = []
    _ = try set.first(after: last.flatMap { IPAddress($0) }) { (address) throws(CNIError) in
      found.append("\(address)")
      return false
    }
    return found
  }

  @Test(
    "a turn has each address but the gateway once, from the one after the last",
    arguments: [
      (#"[{"subnet": "10.1.0.0/29"}]"#, nil, ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]),
      (#"[{"subnet": "10.1.0.0/29"}]"#, "10.1.0.4", ["10.1.0.5", "10.1.0.6", "10.1.0.2", "10.1.0.3", "10.1.0.4"]),
      (#"[{"subnet": "10.1.0.0/29"}]"#, "10.1.0.6", ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]),
      (#"[{"subnet": "10.1.0.0/29"}]"#, "10.9.0.6", ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]),
      (#"[{"subnet": "10.1.0.0/30"}]"#, nil, ["10.1.0.2"]),
      (
        #"[{"subnet": "10.1.0.0/30", "rangeStart": "10.1.0.0", "rangeEnd": "10.1.0.3", "gateway": "10.9.0.1"}]"#, nil,
        ["10.1.0.0", "10.1.0.1", "10.1.0.2", "10.1.0.3"]
      ),
      (
        #"[{"subnet": "10.1.0.0/30"}, {"subnet": "10.2.0.0/30", "gateway": "10.2.0.2"}]"#, "10.2.0.1",
        ["10.1.0.2", "10.2.0.1"]
      ),
      (
        #"[{"subnet": "0.0.0.0/16", "rangeStart": "0.0.0.254", "rangeEnd": "0.0.1.1"}]"#, nil,
        ["0.0.0.254", "0.0.0.255", "0.0.1.0", "0.0.1.1"]
      ),
      (
        #"[{"subnet": "255.255.255.252/30", "rangeEnd": "255.255.255.255"}]"#, "255.255.255.254",
        ["255.255.255.255", "255.255.255.254"]
      ),
      (
        #"[{"subnet": "::/64", "rangeStart": "::fffe", "rangeEnd": "::1:1"}]"#, nil,
        ["::fffe", "::ffff", "::1:0", "::1:1"]
      ),
      (#"[{"subnet": "fd00::/126"}]"#, nil, ["fd00::2", "fd00::3"]),
      (
        #"[{"subnet": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126"}]"#, nil,
        ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
      ),
      (#"[{"subnet": "10.1.0.0/30", "rangeStart": "10.1.0.1", "rangeEnd": "10.1.0.1"}]"#, nil, []),
    ] as [(String, String?, [String])])
  func turns(text: String, last: String?, expected: [String]) throws {
    #expect(try turn(set(text), after: last) == expected)
  }

  @Test("a mapped IPv4 network is the IPv4 network")
  func mapped() throws {
    #expect(try set(#"[{"subnet": "::ffff:10.1.0.0/125"}]"#).description == "10.1.0.1-10.1.0.6")
  }
}
