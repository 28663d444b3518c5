// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct FileDescriptorTests {
  private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

  @Test("what is written to a file is read back", arguments: [0, 1, 16_383, 16_384, 16_385, 81_920, 2_000_003])
  func writtenAndRead(count: Int) throws {
    let file = try TemporaryFile()
    let bytes = Self.pattern(count)
    try FileDescriptor.open(file.path, .write).writeAll(bytes)
    let read = try FileDescriptor.open(file.path).readAll()
    #expect(read == bytes)
  }

  @Test(
    "reading stops at the limit, or at the end if that comes first", arguments: [0, 1, 16_384, 16_385, 99_999, 200_000])
  func limit(limit: Int) throws {
    let file = try TemporaryFile()
    let bytes = Self.pattern(100_000)
    try FileDescriptor.open(file.path, .write).writeAll(bytes)
    let read = try FileDescriptor.open(file.path).readAll(limit: limit)
    #expect(read == Array(bytes.prefix(limit)))
  }

  @Test("what comes in parts is read as a whole, to the moment at which the writer closes")
  func parts() throws {
    let (near, far) = try connection()
    let reader = FileDescriptor(owning: near)
    let writer = FileDescriptor(owning: far)
    for part in 1...3 { try writer.writeAll(Self.pattern(part * 100)) }
    // If its going did not close it, the reader would wait for ever.
    drop(writer)
    let read = try reader.readAll()
    #expect(read == Self.pattern(100) + Self.pattern(200) + Self.pattern(300))
  }

  @Test("an opened file is not passed on to programs that are started")
  func closeOnExec() throws {
    let file = try FileDescriptor.open("/dev/null")
    let flags = fcntl(file.number, F_GETFD)
    #expect(flags == FD_CLOEXEC)
  }

  @Test("a file that is missing is an error with its path")
  func missing() {
    let error = #expect(throws: SystemError.self) { _ = try FileDescriptor.open("/nonexistent/file") }
    #expect(error == SystemError("open /nonexistent/file", number: ENOENT))
  }

  @Test("a failing read and a failing write are errors")
  func failing() throws {
    let folder = try FileDescriptor.open("/")
    let full = try FileDescriptor.open("/dev/full", .write)
    #expect(throws: SystemError("read", number: EISDIR)) { _ = try folder.readAll() }
    #expect(throws: SystemError("write", number: ENOSPC)) { try full.writeAll([1]) }
  }

  @Test("an array is as long as its body says, and the body's error is passed on")
  func filled() throws {
    let bytes = [UInt8].filled(8) { buffer in
      buffer[0] = 7
      buffer[1] = 9
      return 2
    }
    #expect(bytes == [7, 9])
    #expect(throws: SystemError("x", number: EIO)) {
      _ = try [UInt8].filled(8) { (_) throws(SystemError) in throw SystemError("x", number: EIO) }
    }
  }

  private func connection() throws -> (Int32, Int32) {
    var numbers: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    try systemCall("socketpair") { socketpair(AF_UNIX, type, 0, &numbers) }
    return (numbers[0], numbers[1])
  }

  private func drop(_ file: consuming FileDescriptor) {}
}
