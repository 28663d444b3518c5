// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// The addresses that have a reservation, for a fast look-up: the hashes of their names, sorted.
struct TakenAddresses {
  private var hashes: [UInt64] = []

  init(_ names: [ArraySlice<UInt8>]) {
    hashes.reserveCapacity(names.count)
    for name in names { hashes.append(Self.hash(name)) }
    hashes.sort()
  }

  func contains(_ address: IPAddress) -> Bool {
    let wanted = Self.hash(Array("\(address)".utf8)[...])
    var (low, high) = (0, hashes.count)
    while low < high {
      let middle = (low + high) / 2
      if hashes[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low < hashes.count && hashes[low] == wanted
  }

  /// FNV-1a. With 64 bits two addresses of one folder have different ones.
  private static func hash(_ name: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
