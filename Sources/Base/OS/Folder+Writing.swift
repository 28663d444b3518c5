// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

extension Folder {
  /// Replaces a file's contents atomically, also across a power failure; the file is private (mode 0600). Throws `EWOULDBLOCK` if
  /// another process holds the folder's lock for longer than `patience` milliseconds.
  package func write(_ bytes: [UInt8], to name: String, patience: Int = patience) throws(SystemError) {
    let temporary = Self.temporaryName(name)
    try withTemporaryFile(bytes, temporary, patience) { () throws(SystemError) in
      try systemCall("rename \(path)/\(temporary) to \(name)") {
        unsafe renameat(file.number, temporary, file.number, name)
      }
      try sync()
    }
  }

  /// Creates a file with its contents in one step; returns false, and creates nothing, if the name is taken.
  package func create(_ bytes: [UInt8], as name: String, patience: Int = patience) throws(SystemError) -> Bool {
    let temporary = Self.temporaryName(name)
    return try withTemporaryFile(bytes, temporary, patience) { () throws(SystemError) in
      let isLinked = try hardLink(temporary, as: name)
      let isNew = if let isLinked { isLinked } else { try makeUnlessTaken(bytes, name) }
      try sync()
      return isNew
    }
  }

  /// Adds a hard link to a file, or a copy if the file system has no hard links; does nothing if the new name is taken.
  package func link(_ name: String, as other: String) throws(SystemError) {
    if try hardLink(name, as: other) != nil { return }
    guard let bytes = try read(name) else { throw SystemError("copy \(path)/\(name)", number: ENOENT) }
    _ = try makeUnlessTaken(bytes, other)
  }

  /// Runs `body` with a lock held: the folder's own, or that of a file in it, which is created if it is missing. Throws `EWOULDBLOCK` if
  /// another process holds it for longer than `patience` milliseconds.
  package func locked<T>(
    by lockFile: String? = nil, patience: Int = patience, _ body: () throws(SystemError) -> T
  ) throws(SystemError) -> T {
    guard let lockFile else { return try file.locked(path, patience: patience, body) }
    // Who removes the file while somebody holds its lock lets a third lock a new one: only the lock of the file that still has the name
    // counts.
    for _ in 0..<100 {
      let number = try systemCall("open \(path)/\(lockFile)") {
        unsafe openat(file.number, lockFile, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o750)
      }
      let lock = FileDescriptor(owning: number)
      let done: T? = try lock.locked("\(path)/\(lockFile)", patience: patience) { () throws(SystemError) in
        isStill(lock.number, lockFile) ? try body() : nil
      }
      if let done { return done }
    }
    throw SystemError("lock \(path)/\(lockFile), which is removed again and again", number: EWOULDBLOCK)
  }

  /// Takes the lock of a file in the folder, which is created if it is missing; nil if another holds it, or if it is to be shared, another
  /// that does not share it. It is held until the returned value is gone.
  package func tryLock(_ lockFile: String, isShared: Bool = false) throws(SystemError) -> FileLock? {
    for _ in 0..<100 {
      let number = try systemCall("open \(path)/\(lockFile)") {
        unsafe openat(file.number, lockFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
      }
      let lock = FileLock(FileDescriptor(owning: number))
      if flock(number, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
        if errno == EWOULDBLOCK { return nil }
        throw SystemError("lock \(path)/\(lockFile)", number: errno)
      }
      if isStill(number, lockFile) { return lock }
    }
    return nil
  }

  /// Whether somebody holds the lock of a file.
  package func isLocked(_ lockFile: String) -> Bool {
    let number = unsafe openat(file.number, lockFile, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    if number < 0 { return false }
    let lock = FileDescriptor(owning: number)
    return flock(lock.number, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Replaces a file's contents atomically, also across a power failure, by a temporary file of another folder of the file system, so that
  /// nobody who lists this one sees that. The caller keeps others from using the same temporary file.
  package func write(
    _ bytes: [UInt8], to name: String, by temporary: String, in other: borrowing Folder
  ) throws(SystemError) {
    _ = unsafe unlinkat(other.file.number, temporary, 0)
    try other.make(bytes, temporary)
    let source = other.file.number
    do throws(SystemError) {
      try systemCall("rename \(other.path)/\(temporary) to \(path)/\(name)") {
        unsafe renameat(source, temporary, file.number, name)
      }
    } catch {
      _ = unsafe unlinkat(source, temporary, 0)
      throw error
    }
    try sync()
  }

  /// Whether an open file still has this name.
  private func isStill(_ number: Int32, _ name: String) -> Bool {
    var own = stat()
    var named = stat()
    guard unsafe fstat(number, &own) == 0, unsafe fstatat(file.number, name, &named, AT_SYMLINK_NOFOLLOW) == 0 else {
      return false
    }
    return own.st_dev == named.st_dev && own.st_ino == named.st_ino
  }

  /// The default time to wait for a lock, in milliseconds.
  package static var patience: Int { 10_000 }

  /// Runs `body` with a temporary file of these bytes, under the folder's lock; removes the file afterwards.
  private func withTemporaryFile<T>(
    _ bytes: [UInt8], _ temporary: String, _ patience: Int, _ body: () throws(SystemError) -> T
  ) throws(SystemError) -> T {
    // The lock keeps two writers from using the same temporary file; the kernel releases it when a process dies.
    try locked(patience: patience) { () throws(SystemError) in
      // A killed writer may have left its temporary file.
      _ = unsafe unlinkat(file.number, temporary, 0)
      defer { unsafe _ = unlinkat(file.number, temporary, 0) }
      try make(bytes, temporary)
      return try body()
    }
  }

  /// Creates a new file. A process that is killed meanwhile leaves a part of it.
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

  /// Adds a hard link; returns false if the name is taken, nil if the file system has no hard links.
  func hardLink(_ name: String, as other: String) throws(SystemError) -> Bool? {
    if unsafe linkat(file.number, name, file.number, other, 0) == 0 { return true }
    let number = errno
    if number == EEXIST { return false }
    if [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) { return nil }
    throw SystemError("link \(path)/\(name) as \(other)", number: number)
  }

  /// Makes changed names survive a power failure.
  private func sync() throws(SystemError) { try systemCall("write \(path)") { fsync(file.number) } }
}

/// A lock of a file (flock(2)), held until it is unlocked or this value is gone; if this process is killed, as long as a program runs that
/// inherits it.
package final class FileLock: Sendable, Equatable {
  private let file: FileDescriptor

  init(_ file: consuming FileDescriptor) { self.file = file }

  deinit { unlock() }

  /// Gives up the lock. Children that a program which inherited it has left hold it no longer, either.
  package func unlock() { flock(file.number, LOCK_UN) }

  /// Makes a shared lock one of this process alone, without waiting; returns false, and gives the lock up, if another holds it too.
  package func becomesExclusive() -> Bool { flock(file.number, LOCK_EX | LOCK_NB) == 0 }

  /// The descriptor, which a program inherits if it is told to.
  var descriptor: Int32 { file.number }

  package static func == (left: FileLock, right: FileLock) -> Bool { left === right }
}
