// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The path that a path leads to through all symbolic links; nil if there is nothing.
package func resolvedPath(_ path: String) -> String? {
  guard let resolved = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}

/// Whether there is something at a path; a link counts by what it leads to.
package func pathExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// A folder that only its owner reads and writes, for what a plugin must remember. No symbolic link is followed to it
/// or in it, so that nobody who can write beside it can lead a plugin elsewhere.
package struct Folder: ~Copyable {
  let file: FileDescriptor
  let path: String

  /// Opens the folder; nil if there is none.
  package static func open(_ path: String) throws(SystemError) -> Folder? {
    // A slash at the end, or a dot, would follow a link before it.
    let path = "/" + joined(path.split(separator: "/").filter { $0 != "." }.map(String.init), by: "/")
    do {
      return Folder(
        file: try .open(path, [.read, OpenMode(rawValue: O_DIRECTORY | O_NOFOLLOW)]), path: path)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Opens the folder, and makes it and those above it where they are missing, with these permissions.
  package static func make(_ path: String, mode: mode_t = 0o700) throws(SystemError) -> Folder {
    if let folder = try open(path) { return folder }
    var above = ""
    for part in path.split(separator: "/") {
      above += "/\(part)"
      // Somebody else may be making it at the same moment.
      if unsafe mkdir(above, mode) != 0, errno != EEXIST { throw SystemError("make \(above)", number: errno) }
    }
    guard let folder = try open(path) else { throw SystemError("open \(path)", number: ENOENT) }
    return folder
  }

  /// What a file holds; nil if there is none. At most 1 MiB is read.
  package func read(_ name: String) throws(SystemError) -> [UInt8]? {
    do {
      let number = try systemCall("open \(path)/\(name)") {
        unsafe openat(file.number, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      }
      return try FileDescriptor(owning: number).readAll(limit: 1 << 20)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Throws unless the folder is there, or could be made where its path leads; makes nothing.
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

  /// Removes a file, if there is one.
  package func remove(_ name: String) throws(SystemError) {
    for name in [name, Self.temporaryName(name)] where unsafe unlinkat(file.number, name, 0) != 0 {
      // No file has a name that is too long.
      if errno != ENOENT, errno != ENAMETOOLONG { throw SystemError("remove \(path)/\(name)", number: errno) }
    }
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
