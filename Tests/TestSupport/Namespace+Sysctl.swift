// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

extension Namespace {
  /// The value of a kernel parameter in the namespace, such as `net/ipv4/ip_forward`; the key is the path below /proc/sys.
  package func sysctl(_ key: String) throws -> String {
    let bytes = try run { try FileDescriptor.open("/proc/sys/\(key)").readAll() }
    return String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" })
  }

  /// Sets a kernel parameter in the namespace.
  package func set(_ key: String, to value: String) throws {
    try run { try FileDescriptor.open("/proc/sys/\(key)", .write).writeAll(Array(value.utf8)) }
  }
}
