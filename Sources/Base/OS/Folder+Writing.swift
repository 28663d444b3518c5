// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

extension Folder {
  /// Makes the file hold these bytes, wholly or not at all, also if the machine stops meanwhile; only its owner reads
  /// it. Throws `EWOULDBLOCK` if another program has the folder locked for longer than so many milliseconds.
  package func write(_ bytes: [UInt8], to name: String, patience: Int = patience) throws(SystemError) {
    let temporary = Self.temporaryName(name)
    try withTemporaryFile(bytes, temporary, patience) { () throws(SystemError) in
      try systemCall("rename \(path)/\(temporary) to \(name)") {
        unsafe renameat(file.number, temporary, file.number, name)
      }
      try sync()
    }
  }

  /// Makes a file that holds these bytes from its first moment on; returns false, and makes none, if something has that name.
  package func create(_ bytes: [UInt8], as name: String, patience: Int = patience) throws(SystemError) -> Bool {
    let temporary = Self.temporaryName(name)
    return try withTemporaryFile(bytes, temporary, patience) { () throws(SystemError) in
      let isLinked = try hardLink(temporary, as: name)
      let isNew = if let isLinked { isLinked } else { try makeUnlessTaken(bytes, name) }
      try sync()
      return isNew
    }
  }

  /// Gives a file one more name, unless something has that name; where the file system has no hard links, the name of a copy.
  package func link(_ name: String, as other: String) throws(SystemError) {
    if try hardLink(name, as: other) != nil { return }
    guard let bytes = try read(name) else { throw SystemError("copy \(path)/\(name)", number: ENOENT) }
    _ = try makeUnlessTaken(bytes, other)
  }

  /// Runs `body` while no other program has the lock: that of the folder itself, or that of a file in it, which is made if it is
  /// missing. Throws `EWOULDBLOCK` if another program has it for longer than so many milliseconds.
  package func locked<T>(
    by lockFile: String? = nil, patience: Int = patience, _ body: () throws(SystemError) -> T
  ) throws(SystemError) -> T {
    guard let lockFile else { return try file.locked(path, patience: patience, body) }
    let number = try systemCall("open \(path)/\(lockFile)") {
      unsafe openat(file.number, lockFile, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o750)
    }
    return try FileDescriptor(owning: number).locked("\(path)/\(lockFile)", patience: patience, body)
  }

  /// How long others may keep the lock, in milliseconds.
  package static var patience: Int { 10_000 }

  /// Runs `body` while there is a file with these bytes that the folder's lock makes ours, and removes what is left of it.
  private func withTemporaryFile<T>(
    _ bytes: [UInt8], _ temporary: String, _ patience: Int, _ body: () throws(SystemError) -> T
  ) throws(SystemError) -> T {
    // Two writers of one file would take each other's temporary file; who is killed loses the lock.
    try locked(patience: patience) { () throws(SystemError) in
      // What a writer of this file left that was killed.
      _ = unsafe unlinkat(file.number, temporary, 0)
      defer { unsafe _ = unlinkat(file.number, temporary, 0) }
      try make(bytes, temporary)
      return try body()
    }
  }

  /// Makes a file where nothing is. Who is killed meanwhile leaves a part of it.
  private func make(_ bytes: [UInt8], _ name: String) throws(SystemError) {
    let number = try systemCall("create \(path)/\(name)") {
      unsafe openat(file.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    let new = FileDescriptor(owning: number)
    do throws(SystemError) {
      try new.writeAll(bytes)
      try systemCall("write \(path)/\(name)") { fsync(new.number) }
    } catch {
      _ = unsafe unlinkat(file.number, name, 0)
      throw error
    }
  }

  private func makeUnlessTaken(_ bytes: [UInt8], _ name: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try make(bytes, name)
      return true
    } catch {
      if error.number == EEXIST { return false }
      throw error
    }
  }

  /// Returns whether the name was free; nil if the file system has no hard links.
  private func hardLink(_ name: String, as other: String) throws(SystemError) -> Bool? {
    if unsafe linkat(file.number, name, file.number, other, 0) == 0 { return true }
    let number = errno
    if number == EEXIST { return false }
    if [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) { return nil }
    throw SystemError("link \(path)/\(name) as \(other)", number: number)
  }

  /// Makes names that have come or gone outlast a stop of the machine.
  private func sync() throws(SystemError) { try systemCall("write \(path)") { fsync(file.number) } }
}
