// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// realpath(3); nil if the path does not exist.
package func resolvedPath(_ path: String) -> String? {
  guard let resolved = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}

/// Whether a path exists, following symbolic links.
package func pathExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// A private folder (mode 0700) for a plugin's state. Symbolic links are followed neither to it nor in it, so that a user who can write
/// beside it cannot redirect a plugin.
package struct Folder: ~Copyable {
  let file: FileDescriptor
  let path: String

  /// Opens the folder; returns nil if it does not exist.
  package static func open(_ path: String) throws(SystemError) -> Folder? {
    // With a trailing slash or dot the kernel would follow a symbolic link before it.
    let path = "/" + joined(path.split(separator: "/").filter { $0 != "." }.map(String.init), by: "/")
    do {
      return Folder(
        file: try .open(path, [.read, OpenMode(rawValue: O_DIRECTORY | O_NOFOLLOW)]), path: path)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Opens the folder; creates it and its parents if they are missing, with these permissions.
  package static func make(_ path: String, mode: mode_t = 0o700) throws(SystemError) -> Folder {
    if let folder = try open(path) { return folder }
    var above = ""
    for part in path.split(separator: "/") {
      above += "/\(part)"
      // Another process may create it at the same time.
      if unsafe mkdir(above, mode) != 0, errno != EEXIST { throw SystemError("make \(above)", number: errno) }
    }
    guard let folder = try open(path) else { throw SystemError("open \(path)", number: ENOENT) }
    return folder
  }

  /// The contents of a file, at most this many bytes of it; nil if it does not exist.
  package func read(_ name: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8]? {
    do {
      let number = try systemCall("open \(path)/\(name)") {
        unsafe openat(file.number, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      }
      return try FileDescriptor(owning: number).readAll(limit: limit)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Throws unless the folder exists or can be created; changes nothing.
  package static func check(_ path: String) throws(SystemError) {
    if try open(path) != nil { return try checkWritable(path) }
    var parts = path.split(separator: "/")
    while !parts.isEmpty {
      parts.removeLast()
      let above = "/" + joined(parts.map(String.init), by: "/")
      if pathExists(above) { return try checkWritable(above) }
    }
  }

  private static func checkWritable(_ path: String) throws(SystemError) {
    try systemCall("write to \(path)") { unsafe access(path, W_OK | X_OK) }
  }

  /// Removes a file, if it exists, and what a writer of it has left that was killed.
  package func remove(_ name: String) throws(SystemError) {
    for name in [name, Self.temporaryName(name)] { try unlink(name) }
  }

  static func temporaryName(_ name: String) -> String { ".\(name).new" }

  /// The names of all files.
  package func names() throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(path) else { throw SystemError("list \(path)", number: errno) }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
