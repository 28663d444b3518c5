// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Netlink
import Testing

@testable import Tuning

@Suite struct RequestedFeatureTests {
  /// Names that kernels have (net/ethtool/common.c), each of a feature that is on.
  private static let kernel = [
    "tx-scatter-gather", "tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc",
    "tx-checksum-sctp", "highdma", "tx-vlan-hw-insert", "rx-vlan-hw-parse", "rx-vlan-filter", "vlan-challenged",
    "tx-generic-segmentation", "rx-gro", "rx-gro-hw", "rx-gro-list", "rx-lro", "tx-tcp-segmentation",
    "tx-tcp-ecn-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation", "rx-hashing", "rx-checksum", "rx-fcs",
    "tx-nocache-copy", "loopback", "hw-tc-offload",
  ]

  private static func wish(_ name: String, _ isOn: Bool = false) -> RequestedFeature {
    RequestedFeature(name: name, isOn: isOn, path: "ethtool.\(name)")
  }

  private static func meant(_ name: String, _ isOn: Bool = false, among names: [String] = kernel) -> [String]? {
    let features = names.map { EthtoolFeature(name: $0, isOn: !isOn) }
    guard let meant = try? wish(name, isOn).features(among: features) else { return nil }
    #expect(meant.allSatisfy { $0.isOn == isOn })
    return meant.map(\.name)
  }

  @Test("each feature is meant by its own name, and it alone", arguments: [true, false])
  func single(isOn: Bool) {
    for name in Self.kernel { #expect(Self.meant(name, isOn) == [name]) }
  }

  @Test(
    "a group's name means the features that ethtool(8) switches by it",
    arguments: [
      ("rx-checksumming", ["rx-checksum"]),
      (
        "tx-checksumming",
        [
          "tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc", "tx-checksum-sctp",
        ]
      ),
      ("scatter-gather", ["tx-scatter-gather"]),
      ("tcp-segmentation-offload", ["tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp6-segmentation"]),
      ("generic-segmentation-offload", ["tx-generic-segmentation"]), ("generic-receive-offload", ["rx-gro"]),
      ("large-receive-offload", ["rx-lro"]), ("rx-vlan-offload", ["rx-vlan-hw-parse"]),
      ("tx-vlan-offload", ["tx-vlan-hw-insert"]), ("receive-hashing", ["rx-hashing"]),
    ])
  func group(name: String, expected: [String]) {
    #expect(Self.meant(name) == expected)
    // Those that cannot be changed, but for one, are left alone.
    for feature in expected { #expect(Self.meant(name, among: ["highdma", feature]) == [feature]) }
    #expect(Self.meant(name, among: Self.kernel.filter { !expected.contains($0) }) == nil)
  }

  @Test(
    "a name that means nothing that can be changed is an error with its path",
    arguments: ["", "tx-nosuch", "tx-checksum", "TX-CHECKSUMMING", "rx-gro ", "tx", "-"])
  func unknown(name: String) {
    let features = Self.kernel.map { EthtoolFeature(name: $0, isOn: true) }
    let error = #expect(throws: FieldError.self) { try Self.wish(name).features(among: features) }
    #expect(error?.path == "ethtool.\(name)")
    #expect(throws: FieldError.self) { try Self.wish("rx-gro").features(among: []) }
  }

  @Test("wishes are read in their order, with their paths")
  func list() throws {
    let list = try RequestedFeature.list(try Field(#"{"ethtool":{"b":true,"a":false}}"#)["ethtool"])
    #expect(list.map(\.name) == ["b", "a"])
    #expect(list.map(\.isOn) == [true, false])
    #expect(list.map(\.path) == ["ethtool.b", "ethtool.a"])
    #expect(try RequestedFeature.list(try Field("{}")["ethtool"]).isEmpty)
  }

  @Test(
    "a wish that is not true or false is an error with its path",
    arguments: [
      (#"{"a":null}"#, "ethtool.a: expected true or false, found nothing"),
      (#"{"b":true,"a":"off"}"#, #"ethtool.a: expected true or false, found "off""#),
      (#"{"a":0}"#, "ethtool.a: expected true or false, found 0"), ("[]", "ethtool: expected an object, found a list"),
    ])
  func wrongType(value: String, message: String) throws {
    let field = try Field(#"{"ethtool":\#(value)}"#)["ethtool"]
    let error = #expect(throws: FieldError.self) { try RequestedFeature.list(field) }
    #expect(error?.description == message)
  }
}
