// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite struct FolderTests {
  private let parent: TemporaryFolder
  private var path: String { "\(parent.path)/kept" }

  init() throws { parent = try TemporaryFolder() }

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try systemCall("lstat \(path)") { lstat(path, &status) }
    return status.st_mode & 0o7777
  }

  private func put(_ text: String, at path: String) throws {
    let number = try systemCall("create") { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
    try FileDescriptor(owning: number).writeAll(Array(text.utf8))
  }

  private func link(_ path: String, to target: String) throws { try systemCall("symlink") { symlink(target, path) } }

  private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// What is in the folder by the looks of somebody else, hidden files too.
  private func listing() throws -> [String] {
    let folder = try Folder.open(path)
    return try folder?.names().sorted() ?? []
  }

  @Test("a folder that is missing is none, and is not made by looking")
  func missing() throws {
    for path in [path, "\(path)/below"] {
      let isMissing = try Folder.open(path) == nil
      #expect(isMissing)
    }
    #expect(throws: SystemError.self) { try mode(path) }
  }

  @Test("a folder is made with those above it, for the owner only, and found again")
  func made() throws {
    let deep = "\(path)/a/b"
    _ = try Folder.make(deep)
    for path in [path, "\(path)/a", deep] { #expect(try mode(path) == 0o700) }
    let folder = try Folder.make(deep)
    #expect(try folder.names().isEmpty)
    let isFound = try Folder.open(deep) != nil
    #expect(isFound)
  }

  @Test("a folder that is there stays as it is")
  func existing() throws {
    try systemCall("mkdir") { mkdir(path, 0o755) }
    try systemCall("chmod") { chmod(path, 0o755) }
    try put("x", at: "\(path)/file")
    let folder = try Folder.make(path)
    #expect(try mode(path) == 0o755)
    #expect(try folder.names() == ["file"])
  }

  @Test("what is no folder is an error")
  func notAFolder() throws {
    try put("x", at: path)
    for path in [path, "\(path)/below"] {
      let opened = #expect(throws: SystemError.self) { _ = try Folder.open(path) }
      #expect(opened?.number == ENOTDIR)
      #expect(throws: SystemError.self) { _ = try Folder.make(path) }
    }
  }

  @Test("a symbolic link in the folder's place is refused, whether it leads to a folder or nowhere")
  func linkedFolder() throws {
    for target in [parent.path, "/nonexistent/folder"] {
      try link(path, to: target)
      #expect(throws: SystemError.self) { _ = try Folder.open(path) }
      #expect(throws: SystemError.self) { _ = try Folder.make(path) }
      try systemCall("unlink") { unlink(path) }
    }
  }

  @Test("what is written is read back, and only its owner may read it", arguments: [0, 1, 100_000, 1 << 20])
  func writtenAndRead(count: Int) throws {
    let folder = try Folder.make(path)
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try folder.write(bytes, to: "file")
    #expect(try folder.read("file") == bytes)
    #expect(try mode("\(path)/file") == 0o600)
    #expect(try folder.names() == ["file"])
  }

  @Test("of a file at most 1 MiB is read")
  func limit() throws {
    let folder = try Folder.make(path)
    try folder.write([UInt8](repeating: 7, count: (1 << 20) + 1), to: "file")
    #expect(try folder.read("file")?.count == 1 << 20)
  }

  @Test("writing replaces the file at once: who has the old one open reads the old text")
  func replaced() throws {
    let folder = try Folder.make(path)
    try put("the first text", at: "\(path)/file")
    let old = try FileDescriptor.open("\(path)/file")
    try folder.write(Array("second".utf8), to: "file")
    #expect(text(try old.readAll()) == "the first text")
    #expect(text(try folder.read("file")) == "second")
    #expect(try mode("\(path)/file") == 0o600)
    #expect(try listing() == ["file"])
  }

  @Test("a file that cannot be written leaves nothing behind, and what was there stays")
  func failedWrite() throws {
    let folder = try Folder.make(path)
    try systemCall("mkdir") { mkdir("\(path)/busy", 0o700) }
    let error = #expect(throws: SystemError.self) { try folder.write([1], to: "busy") }
    #expect(error?.number == EISDIR)
    let long = String(repeating: "x", count: 256)
    #expect(throws: SystemError("create \(path)/.\(long).new", number: ENAMETOOLONG)) {
      try folder.write([1], to: long)
    }
    #expect(try listing() == ["busy"])
  }

  @Test("what a writer left that was killed does not matter")
  func leftover() throws {
    let folder = try Folder.make(path)
    try folder.write(Array("old".utf8), to: "file")
    for name in try listing() { #expect(name == "file") }
    try put("half a te", at: "\(path)/.file.new")
    #expect(text(try folder.read("file")) == "old")
    try folder.write(Array("new".utf8), to: "file")
    #expect(text(try folder.read("file")) == "new")
    try put("half a te", at: "\(path)/.file.new")
    try folder.remove("file")
    #expect(try listing().isEmpty)
  }

  @Test("a symbolic link in a file's place is not read, and writing and removing do not follow it")
  func linkedFile() throws {
    let other = "\(parent.path)/other"
    try put("not yours", at: other)
    let folder = try Folder.make(path)
    for (name, target) in [("file", other), (".file.new", other), ("dangling", "/nonexistent/file")] {
      try link("\(path)/\(name)", to: target)
    }
    for name in ["file", "dangling"] {
      let error = #expect(throws: SystemError.self) { _ = try folder.read(name) }
      #expect(error == SystemError("open \(path)/\(name)", number: ELOOP))
    }
    try folder.write(Array("mine".utf8), to: "file")
    #expect(text(try folder.read("file")) == "mine")
    try folder.remove("dangling")
    #expect(try listing() == ["file"])
    #expect(text(try FileDescriptor.open(other).readAll()) == "not yours")
    try folder.remove("file")
    try link("\(path)/file", to: other)
    try folder.remove("file")
    #expect(text(try FileDescriptor.open(other).readAll()) == "not yours")
  }

  @Test("a file that is missing is none")
  func missingFile() throws {
    let folder = try Folder.make(path)
    #expect(try folder.read("file") == nil)
  }

  @Test("a linked file has both names: each is read and removed without the other, and writing changes only one")
  func linked() throws {
    let folder = try Folder.make(path)
    try folder.write(Array("first".utf8), to: "a")
    try folder.link("a", as: "b")
    #expect(text(try folder.read("b")) == "first")
    #expect(try mode("\(path)/b") == 0o600)
    try folder.write(Array("second".utf8), to: "a")
    #expect(text(try folder.read("a")) == "second")
    #expect(text(try folder.read("b")) == "first")
    try folder.remove("a")
    #expect(text(try folder.read("b")) == "first")
    #expect(try listing() == ["b"])
  }

  @Test("a lock that another program holds is waited for, and not for ever")
  func locked() throws {
    let folder = try Folder.make(path)
    let other = try FileDescriptor.open(path)
    try systemCall("flock") { flock(other.number, LOCK_EX) }
    let started = monotonicMilliseconds()
    let error = #expect(throws: SystemError.self) { try folder.write([1], to: "a", patience: 200) }
    #expect(error?.isTransient == true)
    #expect(error?.action == "lock \(path), which another program has held for 200 ms")
    #expect((200..<5000).contains(monotonicMilliseconds() - started))
    #expect(try listing() == [])
    try systemCall("flock") { flock(other.number, LOCK_UN) }
    try folder.write([1], to: "a", patience: 0)
    #expect(try listing() == ["a"])
  }

  @Test("a file is created only where nothing has its name, and only its owner reads it")
  func created() throws {
    let folder = try Folder.make(path)
    let isNew = try folder.create(Array("mine".utf8), as: "a")
    #expect(isNew)
    #expect(text(try folder.read("a")) == "mine")
    #expect(try mode("\(path)/a") == 0o600)
    try put("not yours", at: "\(path)/file")
    try systemCall("mkdir") { mkdir("\(path)/folder", 0o700) }
    try link("\(path)/dangling", to: "\(parent.path)/nonexistent")
    for name in ["a", "file", "folder", "dangling"] {
      let isNew = try folder.create(Array("other".utf8), as: name)
      #expect(!isNew)
    }
    #expect(text(try folder.read("a")) == "mine")
    #expect(text(try folder.read("file")) == "not yours")
    #expect(try listing() == ["a", "dangling", "file", "folder"])
  }

  @Test("a file in the folder is a lock of its own, made where it is missing, and held only while it is needed")
  func lockFile() throws {
    let folder = try Folder.make(path, mode: 0o755)
    #expect(try mode(path) == 0o755)
    try folder.locked(by: "lock") { () throws(SystemError) in
      let other = try FileDescriptor.open("\(path)/lock")
      #expect(flock(other.number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      // The folder's own lock is another.
      try folder.write([1], to: "a", patience: 0)
    }
    let other = try FileDescriptor.open("\(path)/lock")
    try systemCall("flock") { flock(other.number, LOCK_EX | LOCK_NB) }
    let error = #expect(throws: SystemError.self) {
      try folder.locked(by: "lock", patience: 20) { Issue.record("held") }
    }
    #expect(error?.action == "lock \(path)/lock, which another program has held for 20 ms")
    #expect(try listing() == ["a", "lock"])
  }

  @Test("whether a folder could be made is told without making it")
  func check() throws {
    try Folder.check(path)
    try Folder.check("\(path)/a/b")
    #expect(throws: SystemError.self) { _ = try mode(path) }
    try put("x", at: path)
    #expect(throws: SystemError.self) { try Folder.check(path) }
  }

  @Test("a name that something has is left to it, whatever that is")
  func linkToTaken() throws {
    let folder = try Folder.make(path)
    try folder.write(Array("mine".utf8), to: "a")
    try put("not yours", at: "\(path)/file")
    try systemCall("mkdir") { mkdir("\(path)/folder", 0o700) }
    try link("\(path)/dangling", to: "\(parent.path)/nonexistent")
    for name in ["file", "folder", "dangling", "a"] { try folder.link("a", as: name) }
    #expect(text(try folder.read("file")) == "not yours")
    #expect(text(try folder.read("a")) == "mine")
    #expect(try listing() == ["a", "dangling", "file", "folder"])
    #expect(access("\(parent.path)/nonexistent", F_OK) != 0)
  }

  @Test("a file that is missing cannot be linked, nor a file by a name that cannot be; nothing is made")
  func failedLink() throws {
    let folder = try Folder.make(path)
    #expect(throws: SystemError("link \(path)/a as b", number: ENOENT)) { try folder.link("a", as: "b") }
    try folder.write([1], to: "a")
    let long = String(repeating: "x", count: 256)
    #expect(throws: SystemError("link \(path)/a as \(long)", number: ENAMETOOLONG)) { try folder.link("a", as: long) }
    #expect(try listing() == ["a"])
  }

  @Test("what is no file is an error, or nothing, and nobody waits for it")
  func notAFile() throws {
    let folder = try Folder.make(path)
    try systemCall("mkdir") { mkdir("\(path)/folder", 0o700) }
    try systemCall("mkfifo") { mkfifo("\(path)/pipe", 0o600) }
    #expect(throws: SystemError.self) { _ = try folder.read("folder") }
    #expect(try folder.read("pipe") == [])
    #expect(throws: SystemError("remove \(path)/folder", number: EISDIR)) { try folder.remove("folder") }
  }

  @Test("removing removes the file and no other, and succeeds if there is none")
  func removed() throws {
    let folder = try Folder.make(path)
    for name in ["a", "b"] { try folder.write([1], to: name) }
    try folder.remove("a")
    try folder.remove("a")
    try folder.remove("c")
    #expect(try listing() == ["b"])
  }

  @Test("the names are those of all files, hidden ones too, each time anew")
  func names() throws {
    let folder = try Folder.make(path)
    #expect(try folder.names().isEmpty)
    let names = [".hidden", "a b", "ä", String(repeating: "x", count: 255)]
    for name in names { try put("", at: "\(path)/\(name)") }
    #expect(try folder.names().sorted() == names.sorted())
    #expect(try folder.names().sorted() == names.sorted())
  }
}

// MARK: - Locks that are held, and files that come from another folder

extension FolderTests {
  @Test("a lock is shared by those who share it, and is one's alone when the others have given it up")
  func sharedLock() throws {
    let folder = try Folder.make(path)
    var isLocked = [folder.isLocked("lock")]
    let first = try folder.tryLock("lock", isShared: true)
    let second = try folder.tryLock("lock", isShared: true)
    #expect(first != nil && second != nil)
    #expect(try folder.tryLock("lock") == nil)
    // It can still be shared.
    isLocked.append(folder.isLocked("lock"))
    #expect(first?.becomesExclusive() == false && second?.becomesExclusive() == true)
    isLocked.append(folder.isLocked("lock"))
    #expect(try folder.tryLock("lock", isShared: true) == nil)
    second?.unlock()
    isLocked.append(folder.isLocked("lock"))
    #expect(isLocked == [false, false, true, false])
  }

  @Test("a lock that is taken is not taken twice, and is free when its value is gone")
  func tryLock() throws {
    let folder = try Folder.make(path)
    var lock = try folder.tryLock("lock")
    #expect(lock != nil)
    #expect(try folder.tryLock("lock") == nil)
    #expect(try folder.tryLock("other") != nil)
    lock = nil
    #expect(try folder.tryLock("lock") != nil)
    _ = lock
  }

  @Test("the lock of a file that was removed is another than that of the file that is there now")
  func removedLock() throws {
    let folder = try Folder.make(path)
    let old = try folder.tryLock("lock")
    try folder.unlink("lock")
    let new = try folder.tryLock("lock")
    #expect(new != nil)
    #expect(try folder.tryLock("lock") == nil)
    withExtendedLifetime((old, new)) {}
  }

  @Test("a file that is written by another folder replaces the old one, and leaves nothing there")
  func writtenByOther() throws {
    let folder = try Folder.make(path)
    let other = try Folder.make("\(path)/own")
    try put("left by a writer that was killed", at: "\(path)/own/new")
    for contents in ["first", "second"] {
      try folder.write(Array(contents.utf8), to: "file", by: "new", in: other)
      #expect(text(try folder.read("file")) == contents)
      #expect(try other.names().isEmpty)
    }
    #expect(try mode("\(path)/file") == 0o600)
  }

  @Test("a file that cannot be put in its place leaves nothing")
  func writtenByOtherFailing() throws {
    let folder = try Folder.make(path)
    let other = try Folder.make("\(path)/own")
    _ = try Folder.make("\(path)/file")
    var failure: SystemError?
    do throws(SystemError) {
      try folder.write([1], to: "file", by: "new", in: other)
    } catch {
      failure = error
    }
    #expect(failure?.number == EISDIR)
    #expect(try other.names().isEmpty)
  }
}
