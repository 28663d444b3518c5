// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// Flags of open(2); `O_CLOEXEC` is always added.
package struct OpenMode: OptionSet, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }
  package static let read = OpenMode(rawValue: O_RDONLY)
  package static let write = OpenMode(rawValue: O_WRONLY)
  /// Opening a FIFO does not wait for its other end.
  package static let nonblocking = OpenMode(rawValue: O_NONBLOCK)
}

/// An open file descriptor; `deinit` closes it.
package struct FileDescriptor: ~Copyable {
  package let number: Int32

  /// Takes ownership of an open descriptor.
  package init(owning number: Int32) { self.number = number }

  deinit { _ = Glibc.close(number) }

  package static func open(_ path: String, _ mode: OpenMode = .read) throws(SystemError) -> FileDescriptor {
    FileDescriptor(owning: try systemCall("open \(path)") { unsafe Glibc.open(path, mode.rawValue | O_CLOEXEC) })
  }

  /// Opens a file for appending, and creates it if it does not exist. A FIFO without a reader is an error.
  package static func append(to path: String) throws(SystemError) -> FileDescriptor {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    return FileDescriptor(owning: try systemCall("open \(path)") { unsafe Glibc.open(path, flags, 0o640) })
  }

  /// Reads to the end, or to `limit` bytes if that comes first.
  package func readAll(limit: Int = .max) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var size = 16_384
    while bytes.count < limit {
      let chunk = unsafe try [UInt8].filled(min(size, limit - bytes.count)) { (buffer) throws(SystemError) in
        try systemCall("read") { unsafe read(number, buffer.baseAddress, buffer.count) }
      }
      if chunk.isEmpty { break }
      bytes += chunk
      size = min(size * 4, 1 << 20)
    }
    return bytes
  }

  /// Runs `body` with the file's lock held (flock(2)). Throws `EWOULDBLOCK` if another process holds it for longer than `patience`
  /// milliseconds; `name` is the lock's name for the error.
  package func locked<T>(
    _ name: String, patience: Int, _ body: () throws(SystemError) -> T
  ) throws(SystemError) -> T {
    try lock(name, patience)
    defer { flock(number, LOCK_UN) }
    return try body()
  }

  private func lock(_ name: String, _ patience: Int) throws(SystemError) {
    // Polled, because processes that block in flock hand the lock to one another, and a blocking wait has no time limit.
    let retry = Retry(milliseconds: patience) { _ in 500 }
    let isHeld: Bool? = try retry.run { () throws(SystemError) in
      if flock(number, LOCK_EX | LOCK_NB) == 0 { return true }
      let reason = errno
      if reason == EWOULDBLOCK || reason == EINTR { return nil }
      throw SystemError("lock \(name)", number: reason)
    }
    if isHeld == nil {
      throw SystemError("lock \(name), which another program has held for \(patience) ms", number: EWOULDBLOCK)
    }
  }

  /// Writes all bytes.
  package func writeAll(_ bytes: [UInt8]) throws(SystemError) { try OS.writeAll(bytes, to: number) }
}

func writeAll(_ bytes: [UInt8], to number: Int32) throws(SystemError) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = try systemCall("write") {
      unsafe rest.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
    }
    rest = rest.dropFirst(count)
  }
}

extension Array where Element == UInt8 {
  /// An array that `body` fills with at most `capacity` bytes; `body` returns the number of bytes.
  package static func filled<E: Error>(
    _ capacity: Int, by body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) -> [UInt8] {
    var failure: E?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      do throws(E) {
        count = unsafe try body(UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
