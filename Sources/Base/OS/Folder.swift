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
  /// it. Throws `EWOULDBLOCK` if another program has the folder locked for longer than so many milliseconds.
  package func write(_ bytes: [UInt8], to name: String, patience: Int = 10_000) throws(SystemError) {
    let temporary = Self.temporaryName(name)
    // Two writers of one file would take each other's temporary file; who is killed loses the lock.
    try lock(patience)
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

  private func lock(_ patience: Int) throws(SystemError) {
    let deadline = monotonicMilliseconds() + patience
    while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      guard number == EWOULDBLOCK || number == EINTR else { throw SystemError("lock \(path)", number: number) }
      if monotonicMilliseconds() >= deadline {
        throw SystemError("lock \(path), which another program has held for \(patience) ms", number: EWOULDBLOCK)
      }
      pause(microseconds: 500)
    }
  }

  /// Gives a file one more name, unless something has that name; where the file system has no hard links, the name of a copy.
  package func link(_ name: String, as other: String) throws(SystemError) {
    if unsafe linkat(file.number, name, file.number, other, 0) == 0 { return }
    let number = errno
    if number == EEXIST { return }
    guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) else {
      throw SystemError("link \(path)/\(name) as \(other)", number: number)
    }
    try copy(name, as: other)
  }

  private func copy(_ name: String, as other: String) throws(SystemError) {
    guard let bytes = try read(name) else { throw SystemError("copy \(path)/\(name)", number: ENOENT) }
    do throws(SystemError) {
      let number = try systemCall("create \(path)/\(other)") {
        unsafe openat(file.number, other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
      let new = FileDescriptor(owning: number)
      do throws(SystemError) {
        try new.writeAll(bytes)
        try systemCall("write \(path)/\(other)") { fsync(new.number) }
      } catch {
        _ = unsafe unlinkat(file.number, other, 0)
        throw error
      }
    } catch {
      if error.number != EEXIST { throw error }
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
