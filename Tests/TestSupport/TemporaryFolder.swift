// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A new empty folder; `deinit` removes it with its contents.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    var name = Array("/tmp/swift-cni-test-XXXXXX".utf8CString)
    if mkdtemp(&name) == nil { throw SystemError("mkdtemp", number: errno) }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.clear(path) }

  private static func clear(_ path: String) {
    // A symbolic link is removed, and not followed.
    if remove(path) == 0 { return }
    let folder = try? Folder.open(path)
    for name in (try? folder?.names()) ?? [] { clear("\(path)/\(name)") }
    remove(path)
  }
}
