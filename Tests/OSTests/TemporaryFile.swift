// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// An empty file that goes with this object.
final class TemporaryFile {
  let path: String

  init() throws {
    var name = Array("/tmp/swift-cni-test-XXXXXX".utf8CString)
    let number = try systemCall("mkstemp") { mkstemp(&name) }
    close(number)
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unlink(path) }
}
