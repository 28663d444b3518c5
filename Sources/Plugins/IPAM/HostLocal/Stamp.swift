// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// A second name (hard link) of a reservation's file, `.own.BOOT.OWNER.ADDRESS`, which says in which boot the reservation was seen and
/// whose it is, so that a call need not read other containers' files: that both names have one inode number proves that the stamp is
/// about this very file, whatever upstream's plugin has removed or written in between.
///
/// The file is made under this name and gets the address's afterwards, so it also is the temporary file. Upstream's DEL removes it with
/// the address, because it goes by the contents, and takes it for no address.
struct Stamp {
  /// The number of hexadecimal digits.
  static let (bootLength, ownerLength) = (12, 16)

  let name: ArraySlice<UInt8>
  let inode: UInt64

  /// Nil if the name is no stamp's.
  init?(_ name: ArraySlice<UInt8>, _ inode: UInt64) {
    guard name.count > Self.addressOffset, hasBytes(name, Self.prefixBytes, at: 0) else { return nil }
    self.name = name
    self.inode = inode
  }

  static func name(_ boot: String, _ owner: Owner, _ address: String) -> String {
    "\(prefix)\(boot).\(String(decoding: owner.key, as: UTF8.self)).\(address)"
  }

  /// The name in another boot.
  func name(in boot: String) -> String {
    "\(Self.prefix)\(boot)\(String(decoding: name.dropFirst(Self.bootOffset + Self.bootLength), as: UTF8.self))"
  }

  var text: String { String(decoding: name, as: UTF8.self) }

  func isOf(boot: [UInt8]) -> Bool { hasBytes(name, boot, at: Self.bootOffset) }

  func isOf(owner key: [UInt8]) -> Bool { hasBytes(name, key, at: Self.ownerOffset) }

  func isOf(address: ArraySlice<UInt8>) -> Bool {
    name.count == Self.addressOffset + address.count && hasBytes(name, address, at: Self.addressOffset)
  }

  private static let prefix = ".own."
  private static let prefixBytes: [UInt8] = Array(prefix.utf8)
  private static let bootOffset = 5
  private static let ownerOffset = bootOffset + bootLength + 1
  private static let addressOffset = ownerOffset + ownerLength + 1
}

/// Whether a name has these bytes at an offset. By hand, as comparing collections costs ten times as much, for each file of the folder.
private func hasBytes(_ name: ArraySlice<UInt8>, _ bytes: [UInt8], at offset: Int) -> Bool {
  hasBytes(name, bytes[...], at: offset)
}

private func hasBytes(_ name: ArraySlice<UInt8>, _ bytes: ArraySlice<UInt8>, at offset: Int) -> Bool {
  guard name.count >= offset + bytes.count else { return false }
  var index = name.startIndex + offset
  for byte in bytes {
    if name[index] != byte { return false }
    index += 1
  }
  return true
}
