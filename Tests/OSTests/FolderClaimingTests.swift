// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Synchronization
import TestSupport
import Testing

@Suite struct FolderClaimingTests {
  private let temporary: TemporaryFolder
  private var path: String { "\(temporary.path)/f" }

  init() throws { temporary = try TemporaryFolder() }

  private func text(_ name: String) throws -> String? {
    let bytes = try Folder.make(path).read(name)
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  private func claim(_ name: String, _ text: String, by first: String) throws -> Bool {
    try Folder.make(path).claim(name, for: Array(text.utf8), by: first)
  }

  /// The names with their inode numbers.
  private func entries() throws -> [String: UInt64] {
    var found: [String: UInt64] = [:]
    try Folder.make(path).entries { name, inode in found[String(decoding: name, as: UTF8.self)] = inode }
    return found
  }

  @Test("a claimed name has the contents and the inode of the first")
  func claim() throws {
    #expect(try claim("a", "x", by: ".a"))
    #expect(try text("a") == "x")
    let found = try entries()
    #expect(found.keys.sorted() == [".a", "a"])
    #expect(found[".a"] == found["a"])
  }

  @Test("a taken name stays as it is, and the first name goes, unless it was there before")
  func taken() throws {
    #expect(try claim("a", "1", by: ".a"))
    #expect(try !claim("a", "2", by: ".b"))
    #expect(throws: SystemError.self) { try claim("b", "3", by: ".a") }
    #expect(try entries().keys.sorted() == [".a", "a"])
    #expect(try text("a") == "1")
  }

  @Test("a file is written over in place, also with less")
  func overwrite() throws {
    for text in ["10.1.0.100", "10.1.0.2"] {
      try Folder.make(path).overwrite("c", with: Array(text.utf8))
      #expect(try self.text("c") == text)
    }
  }

  @Test("a name is removed if it is there, changed, and added to a file unless it is taken")
  func names() throws {
    let folder = try Folder.make(path)
    try folder.unlink("nothing")
    try folder.overwrite("a", with: [1])
    try folder.overwrite("b", with: [2])
    let added = [folder.addName("c", to: "a"), folder.addName("b", to: "a"), folder.addName("d", to: "nothing")]
    #expect(added == [true, false, false])
    try folder.rename("c", to: "e")
    try folder.unlink("a")
    #expect(try entries().keys.sorted() == ["b", "e"])
    let bytes = try folder.read("e")
    #expect(bytes == [1])
  }

  @Test("many names are listed once each, and again by a second call")
  func many() throws {
    let folder = try Folder.make(path)
    for index in 0..<1500 { try folder.overwrite("file-with-a-rather-long-name-\(index)", with: []) }
    let expected = try folder.names().sorted()
    for _ in 0..<2 {
      var found: [String] = []
      try folder.entries { name, _ in found.append(String(decoding: name, as: UTF8.self)) }
      #expect(found.sorted() == expected)
    }
  }

  @Test("a file that is written now is not older than now")
  func times() throws {
    let folder = try Folder.make(path)
    let before = FileTime.now()
    try folder.overwrite("a", with: [1])
    let (time, none) = (folder.modificationTime(of: "a"), folder.modificationTime(of: "nothing"))
    #expect(try #require(time) >= before)
    #expect(none == nil)
  }

  @Test("whoever waited for the lock of a file that was removed meanwhile takes that of the new file")
  func replacedLock() throws {
    let lock = "\(path)/lock"
    try Folder.make(path).locked(by: "lock") { () throws(SystemError) in }
    let held = try FileDescriptor.open(lock)
    try systemCall("flock") { flock(held.number, LOCK_EX | LOCK_NB) }
    let (path, isLocked) = (path, Outcome())
    // Without the pool's threads, which other tests may hold until the other one's patience has ended.
    try startThread {
      isLocked.set(
        Result {
          try Folder.make(path).locked(by: "lock") { () throws(SystemError) in
            let other = try FileDescriptor.open(lock)
            return flock(other.number, LOCK_EX | LOCK_NB) != 0
          }
        })
    }
    // Until the other has opened the file.
    while try openFiles(lock) < 2, isLocked.value == nil { usleep(1000) }
    try systemCall("unlink") { unlink(lock) }
    flock(held.number, LOCK_UN)
    while isLocked.value == nil { usleep(1000) }
    #expect(try isLocked.value?.get() == true)
  }

  /// What another thread has found out; nil until then.
  private final class Outcome: Sendable {
    private let result = Mutex<Result<Bool, any Error>?>(nil)
    var value: Result<Bool, any Error>? { result.withLock { $0 } }
    func set(_ found: Result<Bool, any Error>) { result.withLock { $0 = found } }
  }

  /// How many descriptors of this process are of a file; their numbers may be above a thousand, as other tests hold namespaces.
  private func openFiles(_ path: String) throws -> Int {
    try (Folder.open("/proc/self/fd")?.names() ?? []).filter { number in
      var target = [CChar](repeating: 0, count: 512)
      let length = readlink("/proc/self/fd/\(number)", &target, 511)
      return length > 0 && String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) == path
    }.count
  }
}

// MARK: - The boot

extension FolderClaimingTests {
  @Test("the time of the boot is that of the kernel's statistics")
  func boot() throws {
    let text = String(decoding: try FileDescriptor.open("/proc/stat").readAll(), as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("btime ") })
    let time = try #require(Int(line.dropFirst(6)))
    #expect(abs(FileTime.boot().seconds - time) <= 2)
    #expect(FileTime.boot() < FileTime.now())
  }
}
