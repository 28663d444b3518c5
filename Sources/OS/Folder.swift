// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// The path that a path leads to through all symbolic links; nil if there is nothing.
package func resolvedPath(_ path: String) -> String? {
  guard let resolved = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}

/// A folder that only its owner reads and writes, for what a plugin must remember. No symbolic link is followed to it
/// or in it, so that nobody who can write beside it can lead a plugin elsewhere.
package struct Folder: ~Copyable {
  private let file: FileDescriptor
  private let path: String

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

  /// Opens the folder, and makes it and those above it where they are missing.
  package static func make(_ path: String) throws(SystemError) -> Folder {
    if let folder = try open(path) { return folder }
    var above = ""
    for part in path.split(separator: "/") {
      above += "/\(part)"
      // Somebody else may be making it at the same moment.
      if unsafe mkdir(above, 0o700) != 0, errno != EEXIST { throw SystemError("make \(above)", number: errno) }
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

  /// Makes the file hold these bytes, wholly or not at all, also if the machine stops meanwhile; only its owner reads
  /// it.
  package func write(_ bytes: [UInt8], to name: String) throws(SystemError) {
    let temporary = Self.temporaryName(name)
    // Two writers of one file would take each other's temporary file; who is killed loses the lock.
    try systemCall("lock \(path)") { flock(file.number, LOCK_EX) }
    defer { flock(file.number, LOCK_UN) }
    // What a writer of this file left that was killed.
    _ = unsafe unlinkat(file.number, temporary, 0)
    do {
      let number = try systemCall("create \(path)/\(temporary)") {
        unsafe openat(file.number, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
      let new = FileDescriptor(owning: number)
      try new.writeAll(bytes)
      try systemCall("write \(path)/\(name)") { fsync(new.number) }
      try systemCall("rename \(path)/\(temporary) to \(name)") {
        unsafe renameat(file.number, temporary, file.number, name)
      }
      try systemCall("write \(path)") { fsync(file.number) }
    } catch {
      _ = unsafe unlinkat(file.number, temporary, 0)
      throw error
    }
  }

  /// Gives a file one more name, unless something has that name.
  package func link(_ name: String, as other: String) throws(SystemError) {
    if unsafe linkat(file.number, name, file.number, other, 0) != 0, errno != EEXIST {
      throw SystemError("link \(path)/\(name) as \(other)", number: errno)
    }
  }

  /// Removes a file, if there is one.
  package func remove(_ name: String) throws(SystemError) {
    for name in [name, Self.temporaryName(name)] where unsafe unlinkat(file.number, name, 0) != 0 {
      // No file has a name that is too long.
      if errno != ENOENT, errno != ENAMETOOLONG { throw SystemError("remove \(path)/\(name)", number: errno) }
    }
  }

  private static func temporaryName(_ name: String) -> String { ".\(name).new" }

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
