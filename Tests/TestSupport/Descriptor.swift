// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Synchronization

/// An open file of this process, closed by `close` or by `deinit`.
final class Descriptor: Sendable {
  private let open: Atomic<Int32>

  init(owning number: Int32) { open = Atomic(number) }

  deinit { close() }

  /// −1 after closing.
  var number: Int32 { open.load(ordering: .relaxed) }

  func close() {
    let number = open.exchange(-1, ordering: .relaxed)
    if number >= 0 { _ = Glibc.close(number) }
  }

  /// An anonymous file in memory.
  static func temporary() throws -> Descriptor {
    let name = "/swift-cni-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let number = try systemCall("shm_open") { shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600) }
    shm_unlink(name)
    return Descriptor(owning: number)
  }

  /// The contents of a seekable file.
  func contents() throws -> [UInt8] {
    var status = stat()
    try systemCall("fstat") { fstat(number, &status) }
    var bytes: [UInt8] = []
    while bytes.count < Int(status.st_size) {
      let chunk = try [UInt8].filled(Int(status.st_size) - bytes.count) { buffer in
        try systemCall("pread") { pread(number, buffer.baseAddress, buffer.count, off_t(bytes.count)) }
      }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }

  /// Writes bytes at the start of a file, and rewinds it.
  func fill(_ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      done += try systemCall("pwrite") {
        bytes.withUnsafeBytes { pwrite(number, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(done)) }
      }
    }
  }
}
