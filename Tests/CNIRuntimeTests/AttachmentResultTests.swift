// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNIRuntime

@Suite struct AttachmentResultTests {
  private func result(_ text: String, implied: String = "1.0.0") throws -> AttachmentResult {
    try AttachmentResult(printed: Array(text.utf8), implied: implied)
  }

  private static let full = #"""
    {"ips":[{"interface":1,"gateway":"10.1.2.1","address":"10.1.2.3/24"},{"address":"fd00::3/64"}],"x":{"b":1,"a":2},
     "routes":[{"gw":"10.1.2.1","dst":"0.0.0.0/0"},{"dst":"::/0"}],"cniVersion":"VERSION",
     "interfaces":[{"name":"br0"},{"sandbox":"/run/netns/x","mac":"02:00:00:00:00:01","name":"eth0","mtu":1400}],
     "dns":{"nameservers":["10.1.2.1"],"domain":"d","search":["s"],"options":["o"]}}
    """#

  @Test("the parts of a result")
  func parts() throws {
    let result = try result(Self.full.replacing("VERSION", with: "1.1.0"))
    #expect(result.cniVersion == "1.1.0")
    #expect(result.interfaces.map(\.name) == ["br0", "eth0"])
    #expect(result.interfaces.map(\.sandbox) == [nil, "/run/netns/x"])
    #expect(result.interfaces.map(\.mac) == [nil, "02:00:00:00:00:01"])
    #expect(result.interfaces.map(\.mtu) == [nil, 1400])
    #expect(result.addresses.map(\.address) == ["10.1.2.3/24", "fd00::3/64"])
    #expect(result.addresses.map(\.gateway) == ["10.1.2.1", nil])
    #expect(result.addresses.map(\.interface) == [1, nil])
    #expect(result.routes.map(\.destination) == ["0.0.0.0/0", "::/0"])
    #expect(result.routes.map(\.gateway) == ["10.1.2.1", nil])
    #expect(result.dns == .init(nameservers: ["10.1.2.1"], domain: "d", search: ["s"], options: ["o"]))
  }

  @Test("from 1.0.0 on it is printed with sorted members at every level")
  func sorted() throws {
    let small = #"{"ips":[{"gateway":"10.1.2.1","address":"10.1.2.3/24"}],"cniVersion":"1.0.0","dns":{}}"#
    #expect(
      text(try result(small).text) == """
        {
            "cniVersion": "1.0.0",
            "ips": [
                {
                    "address": "10.1.2.3/24",
                    "gateway": "10.1.2.1"
                }
            ]
        }
        """)
  }

  @Test("before, it is printed in the order of the specification, with dns")
  func ordered() throws {
    let small =
      #"{"ips":[{"gateway":"10.1.2.1","version":"4","address":"10.1.2.3/24"}],"cniVersion":"0.4.0","interfaces":[{"name":"eth0"}]}"#
    #expect(
      text(try result(small).text) == """
        {
            "cniVersion": "0.4.0",
            "interfaces": [
                {
                    "name": "eth0"
                }
            ],
            "ips": [
                {
                    "version": "4",
                    "address": "10.1.2.3/24",
                    "gateway": "10.1.2.1"
                }
            ],
            "dns": {}
        }
        """)
  }

  @Test("unknown members survive, in one line and sorted")
  func compact() throws {
    let compact = text(try result(Self.full.replacing("VERSION", with: "1.1.0")).compactText)
    #expect(compact.hasSuffix(#","x":{"a":2,"b":1}}"#))
    #expect(!compact.contains("\n"))
  }

  @Test(
    "a result without a version has the configuration's, and without that 0.1.0",
    arguments: [("0.4.0", "0.4.0"), ("", "0.1.0")])
  func implied(version: String, expected: String) throws {
    #expect(try result("{}", implied: version).cniVersion == expected)
  }

  @Test(
    "a result whose version is not known is refused",
    arguments: [("{}", "9.0.0"), (#"{"cniVersion":"9.0.0"}"#, "1.0.0")])
  func unknownVersion(output: String, implied: String) {
    #expect(throws: InvalidResult(description: #"unsupported CNI result version "9.0.0""#)) {
      try result(output, implied: implied)
    }
  }
}
