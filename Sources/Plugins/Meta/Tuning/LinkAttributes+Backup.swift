// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Netlink

extension LinkAttributes {
  /// Adds the attributes that are missing here.
  mutating func fill(from other: LinkAttributes) {
    address = address ?? other.address
    mtu = mtu ?? other.mtu
    isPromiscuous = isPromiscuous ?? other.isPromiscuous
    receivesAllMulticast = receivesAllMulticast ?? other.receivesAllMulticast
    transmitQueueLength = transmitQueueLength ?? other.transmitQueueLength
    alias = alias ?? other.alias
    group = group ?? other.group
  }

  /// These attributes, without those that are not in `asked`.
  func only(_ asked: LinkAttributes) -> LinkAttributes {
    var some = LinkAttributes()
    if asked.address != nil { some.address = address }
    if asked.mtu != nil { some.mtu = mtu }
    if asked.isPromiscuous != nil { some.isPromiscuous = isPromiscuous }
    if asked.receivesAllMulticast != nil { some.receivesAllMulticast = receivesAllMulticast }
    if asked.transmitQueueLength != nil { some.transmitQueueLength = transmitQueueLength }
    if asked.alias != nil { some.alias = alias }
    if asked.group != nil { some.group = group }
    return some
  }

  /// Returns in words which wanted attributes differ.
  func differences(from wanted: LinkAttributes) -> [String] {
    func told<T: Equatable>(_ name: String, _ actual: T?, _ wanted: T?) -> String? {
      guard let wanted, actual != wanted else { return nil }
      return "\(name) is \(actual.map { "\($0)" } ?? "missing") instead of \(wanted)"
    }
    return [
      told("mac", address, wanted.address), told("mtu", mtu, wanted.mtu),
      told("promisc", isPromiscuous, wanted.isPromiscuous),
      told("allmulti", receivesAllMulticast, wanted.receivesAllMulticast),
      told("txQLen", transmitQueueLength, wanted.transmitQueueLength),
      told("linkAlias", alias, wanted.alias), told("group", group, wanted.group),
    ].compactMap { $0 }
  }
}
