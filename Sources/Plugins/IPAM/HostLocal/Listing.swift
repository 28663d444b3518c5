// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import OS

/// The names in a network's folder, read once in a call, and which reservation has a stamp. Other names, such as `lock` and
/// `last_reserved_ip.0`, are passed over.
struct Listing {
  /// A file with an address's name.
  struct Reservation {
    let name: ArraySlice<UInt8>
    let inode: UInt64
    /// The place in `stamps`; nil if it has none, because upstream's plugin made it.
    var stamp: Int?

    var text: String { String(decoding: name, as: UTF8.self) }
  }

  /// By inode number.
  private(set) var reservations: [Reservation] = []
  private(set) var stamps: [Stamp] = []
  /// The stamps of no reservation: what a killed call has left, or whose address was removed by hand.
  private(set) var leftovers: [Stamp] = []

  init(_ folder: borrowing Folder) throws(SystemError) {
    var (found, marks): ([Reservation], [Stamp]) = ([], [])
    try folder.entries { name, inode in
      if Self.mayBeAddress(name) {
        found.append(Reservation(name: name, inode: inode))
      } else if let stamp = Stamp(name, inode) {
        marks.append(stamp)
      }
    }
    found.sort { $0.inode < $1.inode }
    reservations = found
    for stamp in marks {
      guard let index = index(ofInode: stamp.inode), stamp.isOf(address: reservations[index].name) else {
        leftovers.append(stamp)
        continue
      }
      if let other = reservations[index].stamp {
        // A call was killed while it changed the boot; either will do.
        leftovers.append(stamps[other])
      }
      reservations[index].stamp = stamps.count
      stamps.append(stamp)
    }
  }

  /// A cheap test, as few names are read as addresses.
  private static func mayBeAddress(_ name: ArraySlice<UInt8>) -> Bool {
    var hasSeparator = false
    for byte in name {
      switch byte {
      case UInt8(ascii: "."), UInt8(ascii: ":"): hasSeparator = true
      case 0x30...0x39, 0x41...0x46, 0x61...0x66: break
      default: return false
      }
    }
    return hasSeparator && name.first != UInt8(ascii: ".")
  }

  private func index(ofInode inode: UInt64) -> Int? {
    var (low, high) = (0, reservations.count)
    while low < high {
      let middle = (low + high) / 2
      if reservations[middle].inode < inode { low = middle + 1 } else { high = middle }
    }
    return low < reservations.count && reservations[low].inode == inode ? low : nil
  }
}
