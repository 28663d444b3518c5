// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// A kernel parameter below `/proc/sys` of the calling thread's network namespace.
package struct Sysctl: Sendable {
  package let path: String

  /// Takes the parts of the key one by one, so that an interface called `eth0.100` is one part.
  package init(_ components: String...) { self.init(components) }

  package init(_ key: SysctlKey) { self.init(key.components) }

  private init(_ components: [String]) { path = "/proc/sys/" + joined(components, by: "/") }

  package var exists: Bool { pathExists(path) }

  /// The value without the line feed at its end.
  package func read() throws(SystemError) -> String {
    var bytes = try FileDescriptor.open(path).readAll(limit: 65_536)
    if bytes.last == 0x0a { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// With a line feed, as sysctl(8) does: to write nothing would not change an empty value.
  package func write(_ value: String) throws(SystemError) {
    do throws(SystemError) {
      try FileDescriptor.open(path, .write).writeAll(Array(value.utf8) + [0x0a])
      ChangeTrace.tell(command(writing: value))
    } catch {
      ChangeTrace.tell(command(writing: value), "\(error)")
      throw error
    }
  }

  /// As sysctl(8) is given it: with dots, but with slashes where a part has dots itself.
  func command(writing value: String) -> String {
    let key = String(path.dropFirst("/proc/sys/".count))
    var command = ShellCommand("sysctl -w")
    command.add("\(key.contains(".") ? key : String(key.map { $0 == "/" ? "." : $0 }))=\(value)")
    return command.text
  }
}
