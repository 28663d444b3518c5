// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

// For files that need not survive a power failure: nothing here waits for the disk.

extension Folder {
  /// Creates a file under a first name, and then gives it a second one, unless that is taken: the second name never has a part of the
  /// contents. Returns whether it got that; if not, or after an error, the first name is gone too. On a file system without hard links the
  /// file has only the second name.
  package func claim(_ name: String, for bytes: [UInt8], by first: String) throws(SystemError) -> Bool {
    let number = try systemCall("create \(path)/\(first)") {
      unsafe openat(file.number, first, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    do throws(SystemError) {
      try FileDescriptor(owning: number).writeAll(bytes)
      let isLinked = try hardLink(first, as: name)
      let isNamed = if let isLinked { isLinked } else { try moveUnlessTaken(first, name) }
      if isNamed { return true }
    } catch {
      _ = unsafe unlinkat(file.number, first, 0)
      throw error
    }
    try unlink(first)
    return false
  }

  /// Gives a file another name beside its own; returns whether it has it now.
  package func addName(_ other: String, to name: String) -> Bool { ((try? hardLink(name, as: other)) ?? nil) ?? false }

  /// Changes a file's name; replaces another of that name.
  package func rename(_ name: String, to other: String) throws(SystemError) {
    try systemCall("rename \(path)/\(name)") { unsafe renameat(file.number, name, file.number, other) }
  }

  /// Removes a name, if it is there.
  package func unlink(_ name: String) throws(SystemError) {
    if unsafe unlinkat(file.number, name, 0) == 0 { return }
    let number = errno
    // A file whose name is too long cannot exist. A file system that is read-only says so also of a file that does not.
    if number == ENOENT || number == ENAMETOOLONG || number == EROFS && modificationTime(of: name) == nil { return }
    throw SystemError("remove \(path)/\(name)", number: number)
  }

  /// Writes over a file in place, and creates it if it is missing. Whoever reads meanwhile, or after a crash, may read a mixture.
  package func overwrite(_ name: String, with bytes: [UInt8]) throws(SystemError) {
    let number = try systemCall("open \(path)/\(name)") {
      unsafe openat(file.number, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
    }
    let new = FileDescriptor(owning: number)
    try new.writeAll(bytes)
    // Cut afterwards: ext4 starts to write a file to the disk that was emptied before.
    try systemCall("write \(path)/\(name)") { ftruncate(new.number, off_t(bytes.count)) }
  }

  /// When a file was written last; nil if there is none.
  package func modificationTime(of name: String) -> FileTime? {
    var found = stat()
    guard unsafe fstatat(file.number, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return FileTime(found.st_mtim)
  }

  /// Whether the file system is known to be this machine's alone, and none that several can mount.
  package var isLocal: Bool {
    var found = statfs()
    guard unsafe fstatfs(file.number, &found) == 0 else { return false }
    let magic = UInt32(truncatingIfNeeded: found.f_type)
    return Self.localFileSystems.contains(magic)
  }

  /// linux/magic.h: ext4, tmpfs, overlayfs, btrfs, F2FS; the kernel's sources of XFS and bcachefs, and OpenZFS.
  private static let localFileSystems: [UInt32] = [
    0xef53, 0x0102_1994, 0x794c_7630, 0x9123_683e, 0xf2f5_2010, 0x5846_5342, 0xca45_1a4e, 0x2fc1_2fc1,
  ]

  private func moveUnlessTaken(_ name: String, _ other: String) throws(SystemError) -> Bool {
    do {
      try systemCall("rename \(path)/\(name) to \(other)") { unsafe cni_rename_unless_taken(file.number, name, other) }
      return true
    } catch {
      if error.number == EEXIST { return false }
      throw error
    }
  }
}

/// A time of the clock that file systems take.
package struct FileTime: Comparable, Sendable, CustomStringConvertible {
  /// Since 1970.
  package let seconds: Int
  private let nanoseconds: Int

  init(_ time: timespec) {
    seconds = time.tv_sec
    nanoseconds = time.tv_nsec
  }

  /// Now, as a file that is written now gets it; never later.
  package static func now() -> FileTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return FileTime(time)
  }

  /// When this machine was booted, by the clock as it is now.
  package static func boot() -> FileTime {
    var now = timespec()
    var since = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    unsafe clock_gettime(CLOCK_BOOTTIME, &since)
    return FileTime(timespec(tv_sec: now.tv_sec - since.tv_sec, tv_nsec: 0))
  }

  /// Seconds and nanoseconds.
  package var description: String { "\(seconds).\(nanoseconds)" }

  package static func < (left: FileTime, right: FileTime) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}
