// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A file whose lock (flock(2)) tells that its owner lives: the kernel releases it when the last process ends that has it open, however that
/// ends.
package struct LockedFile: ~Copyable {
  package let path: String
  private var file: FileDescriptor

  /// Creates a file, which this process locks; nil if the name is taken.
  package static func create(_ path: String) throws(SystemError) -> LockedFile? {
    // Whoever collects what dead processes have left may take a new file for one of theirs, until it is locked.
    for _ in 0..<100 {
      let number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
      if number < 0, errno == EEXIST { return nil }
      if number < 0 { throw SystemError("create \(path)", number: errno) }
      let new = LockedFile(path: path, file: FileDescriptor(owning: number))
      if try new.lock(waits: true) { return new }
    }
    throw SystemError("create \(path), which is removed again and again", number: EAGAIN)
  }

  /// Locks a file whose owner has ended; nil if that lives, or if there is no such file.
  package static func takeOver(_ path: String) throws(SystemError) -> LockedFile? {
    let number = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    if number < 0, [ENOENT, ELOOP, EISDIR, ENXIO].contains(errno) { return nil }
    if number < 0 { throw SystemError("open \(path)", number: errno) }
    let found = LockedFile(path: path, file: FileDescriptor(owning: number))
    if try found.lock(waits: false) { return found }
    return nil
  }

  /// Whether programs that this process executes hold the lock too, and with it the file as long as one of them lives.
  package func pass(toPrograms isPassed: Bool) throws(SystemError) {
    try systemCall("change the flags of \(path)") { fcntl(file.number, F_SETFD, isPassed ? 0 : FD_CLOEXEC) }
  }

  /// Takes the lock from the programs that hold it too, such as a daemon that a plugin has left: from now on it tells that this process lives.
  package mutating func takeFromPrograms() throws(SystemError) {
    let number = try systemCall("open \(path)") { unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
    let own = FileDescriptor(owning: number)
    // Both share it for an instant, so that it is never free.
    try systemCall("lock \(path)") { flock(file.number, LOCK_SH) }
    try systemCall("lock \(path)") { flock(own.number, LOCK_SH | LOCK_NB) }
    flock(file.number, LOCK_UN)
    file = own
  }

  /// Writes the contents of a new file.
  package func write(_ bytes: [UInt8]) throws(SystemError) { try file.writeAll(bytes) }

  /// The contents, of a file that was taken over.
  package func read() throws(SystemError) -> [UInt8] { try file.readAll(limit: 16 << 20) }

  /// Removes the file; the lock is held as long as this value lives.
  package func remove() throws(SystemError) {
    do {
      try systemCall("remove \(path)") { unsafe unlink(path) }
    } catch {
      if error.number != ENOENT { throw error }
    }
  }

  /// Returns whether this process has the lock, and the file still has its name.
  private func lock(waits: Bool) throws(SystemError) -> Bool {
    while flock(file.number, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw SystemError("lock \(path)", number: errno) }
    }
    var own = stat()
    var named = stat()
    guard unsafe fstat(file.number, &own) == 0, unsafe lstat(path, &named) == 0 else { return false }
    return own.st_dev == named.st_dev && own.st_ino == named.st_ino
  }
}
