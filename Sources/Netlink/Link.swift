// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension NetlinkSocket {
  /// The name of the interface with this index.
  package func linkName(_ index: UInt32) throws(NetlinkError) -> String {
    // if_indextoname asks by ioctl, which does not wait for the kernel's rtnl lock as RTM_GETLINK does.
    var found = false
    let name = unsafe [UInt8].filled(Int(IF_NAMESIZE)) { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      let text = unsafe base.assumingMemoryBound(to: CChar.self)
      found = unsafe if_indextoname(index, text) != nil
      return unsafe found ? strnlen(text, buffer.count) : 0
    }
    guard found else { throw NetlinkError("find the name of interface \(index)", number: errno) }
    return String(decoding: name, as: UTF8.self)
  }
}
