// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Skel

extension Request {
  /// Whether the container has no interface but this one and `lo`; false if that cannot be read.
  var isForOnlyInterface: Bool {
    // This file is read without the kernel's rtnl lock, for which many parallel ADDs would wait.
    let list: [UInt8]? = try? inContainer { (_) throws(CNIError) -> [UInt8] in
      (try? FileDescriptor.open("/proc/thread-self/net/dev").readAll(limit: 1 << 16)) ?? []
    }
    // Behind two lines of titles each line has an interface: its name, perhaps after spaces, a colon, and numbers.
    let names = (list ?? []).split(separator: 0x0a).dropFirst(2).map { line in
      String(decoding: line.prefix { $0 != UInt8(ascii: ":") }.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
    }
    return names.contains(attachment.interface) && names.allSatisfy { $0 == attachment.interface || $0 == "lo" }
  }
}
