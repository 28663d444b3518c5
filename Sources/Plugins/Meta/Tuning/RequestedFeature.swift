// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Netlink

/// A feature of ethtool, or a group of features, that the configuration wants on or off.
struct RequestedFeature: Sendable {
  let name: String
  let isOn: Bool
  /// Its path in the configuration.
  let path: String

  static func list(_ field: Field) throws(FieldError) -> [RequestedFeature] {
    var list: [RequestedFeature] = []
    for member in try field.object()?.members ?? [] {
      let item = Field(path: "\(field.path).\(member.name)", member.value)
      guard let isOn = try item.bool() else { throw item.expected("true or false") }
      list.append(RequestedFeature(name: member.name, isOn: isOn, path: item.path))
    }
    // Features come after groups, and so override them: an object has no order.
    return list.filter { groups[$0.name] != nil } + list.filter { groups[$0.name] == nil }
  }

  /// The kernel's features of each group of ethtool(8); a name that ends with a hyphen stands for all that begin so.
  private static let groups: [String: [String]] = [
    "rx-checksumming": ["rx-checksum"],
    "tx-checksumming": ["tx-checksum-"],
    "scatter-gather": ["tx-scatter-gather", "tx-scatter-gather-fraglist"],
    "tcp-segmentation-offload": [
      "tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-accecn-segmentation", "tx-tcp-mangleid-segmentation",
      "tx-tcp6-segmentation",
    ],
    "udp-fragmentation-offload": ["tx-udp-fragmentation"],
    "generic-segmentation-offload": ["tx-generic-segmentation"],
    "generic-receive-offload": ["rx-gro"],
    "large-receive-offload": ["rx-lro"],
    "rx-vlan-offload": ["rx-vlan-hw-parse"],
    "tx-vlan-offload": ["tx-vlan-hw-insert"],
    "ntuple-filters": ["rx-ntuple-filter"],
    "receive-hashing": ["rx-hashing"],
  ]

  /// The features that are meant, among those that the interface can change. Throws if there are none.
  func features(among changeable: [EthtoolFeature]) throws(FieldError) -> [EthtoolFeature] {
    let meant = changeable.filter { feature in
      guard let names = Self.groups[name] else { return feature.name == name }
      return names.contains { $0.hasSuffix("-") ? feature.name.hasPrefix($0) : feature.name == $0 }
    }
    if meant.isEmpty { throw FieldError(path: path, reason: "the interface has no such feature that can be changed") }
    return meant.map { EthtoolFeature(name: $0.name, isOn: isOn) }
  }
}
