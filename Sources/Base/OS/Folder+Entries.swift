// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension Folder {
  /// Calls `body` with the name and the inode number of each file, in the order of the file system. It costs a system call for some
  /// hundred files, and no text is made of a name.
  package func entries(_ body: (_ name: ArraySlice<UInt8>, _ inode: UInt64) -> Void) throws(SystemError) {
    try systemCall("list \(path)") { lseek(file.number, 0, SEEK_SET) }
    while true {
      let bytes = unsafe try [UInt8].filled(Self.listingSize) { (buffer) throws(SystemError) in
        Int(try systemCall("list \(path)") { unsafe cni_getdents(file.number, buffer.baseAddress, buffer.count) })
      }
      if bytes.isEmpty { return }
      Self.records(bytes, body)
    }
  }

  private static let listingSize = 1 << 16
  /// The offsets in `struct linux_dirent64` (getdents64(2)).
  private static let (lengthOffset, nameOffset) = (16, 19)

  private static func records(_ bytes: [UInt8], _ body: (ArraySlice<UInt8>, UInt64) -> Void) {
    var start = 0
    while start + nameOffset < bytes.count {
      let (inode, length) = unsafe bytes.withUnsafeBytes {
        unsafe (
          $0.loadUnaligned(fromByteOffset: start, as: UInt64.self),
          Int($0.loadUnaligned(fromByteOffset: start + lengthOffset, as: UInt16.self))
        )
      }
      let end = start + length
      guard length > nameOffset, end <= bytes.count else { return }
      let first = start + nameOffset
      var last = first
      while last < end, bytes[last] != 0 { last += 1 }
      if !isDots(bytes, first, last) { body(bytes[first..<last], inode) }
      start = end
    }
  }

  /// Whether the name is that of the folder itself or of the one above.
  private static func isDots(_ bytes: [UInt8], _ first: Int, _ last: Int) -> Bool {
    let dot = UInt8(ascii: ".")
    return last - first <= 2 && bytes[first] == dot && bytes[last - 1] == dot
  }
}
