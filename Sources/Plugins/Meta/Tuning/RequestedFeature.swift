// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import Netlink

/// A feature, or a group of them, that the configuration wants on or off.
struct RequestedFeature: Sendable {
  let name: String
  let isOn: Bool
  /// Where it stands in the configuration.
  let path: String

  static func list(_ field: Field) throws(FieldError) -> [RequestedFeature] {
    var list: [RequestedFeature] = []
    for member in try field.object()?.members ?? [] {
      let item = Field(path: "\(field.path).\(member.name)", member.value)
      guard let isOn = try item.bool() else { throw item.expected("true or false") }
      list.append(RequestedFeature(name: member.name, isOn: isOn, path: item.path))
    }
    // What is said of one feature goes before what is said of its group: an object has no order.
    return list.filter { groups[$0.name] != nil } + list.filter { groups[$0.name] == nil }
  }

  /// The names that ethtool(8) has for groups of the kernel's features.
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

  /// What the wish means among the features that an interface can change; an error if that is nothing.
  func features(among changeable: [EthtoolFeature]) throws(FieldError) -> [EthtoolFeature] {
    let meant = changeable.filter { feature in
      guard let names = Self.groups[name] else { return feature.name == name }
      // What ends with a hyphen here is the beginning of the names of a group.
      return names.contains { $0.hasSuffix("-") ? feature.name.hasPrefix($0) : feature.name == $0 }
    }
    if meant.isEmpty { throw FieldError(path: path, reason: "the interface has no such feature that can be changed") }
    return meant.map { EthtoolFeature(name: $0.name, isOn: isOn) }
  }
}
