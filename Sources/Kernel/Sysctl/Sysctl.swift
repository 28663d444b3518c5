// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// A kernel parameter below `/proc/sys` of the calling thread's network namespace.
package struct Sysctl: Sendable {
  package let path: String

  /// Takes the parts of the key separately, because a part may contain dots (`eth0.100`).
  package init(_ components: String...) { self.init(components) }

  package init(_ key: SysctlKey) { self.init(key.components) }

  package init(_ components: [String]) { path = "/proc/sys/" + joined(components, by: "/") }

  package var exists: Bool { pathExists(path) }

  /// The value without its final line feed.
  package func read() throws(SystemError) -> String {
    var bytes = try FileDescriptor.open(path).readAll(limit: 65_536)
    if bytes.last == 0x0a { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes a value with a line feed, as sysctl(8) does: writing zero bytes would not clear a value.
  package func write(_ value: String) throws(SystemError) {
    do throws(SystemError) {
      try FileDescriptor.open(path, .write).writeAll(Array(value.utf8) + [0x0a])
      ChangeTrace.tell(command(writing: value))
    } catch {
      ChangeTrace.tell(command(writing: value), "\(error)")
      throw error
    }
  }

  /// The command for a write: with dots, or with slashes if a part contains a dot.
  func command(writing value: String) -> String {
    let key = String(path.dropFirst("/proc/sys/".count))
    var command = ShellCommand("sysctl -w")
    command.add("\(key.contains(".") ? key : String(key.map { $0 == "/" ? "." : $0 }))=\(value)")
    return command.text
  }
}
