// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport

/// A terminal whose keys and screen are the test's (pty(7)).
final class Pseudoterminal {
  private let keys: FileDescriptor
  private let path: String
  private var screen: [UInt8] = []

  init() throws {
    let master = FileDescriptor(
      owning: try systemCall("make a terminal") { open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) })
    // As unlockpt(3) and ptsname(3), which Swift does not see.
    var (isLocked, number) = (Int32(0), UInt32(0))
    try systemCall("unlock the terminal") { ioctl(master.number, Self.setLock, &isLocked) }
    try systemCall("name the terminal") { ioctl(master.number, Self.getNumber, &number) }
    keys = master
    path = "/dev/pts/\(number)"
  }

  /// `TIOCSPTLCK` and `TIOCGPTN` (asm-generic/ioctls.h).
  private static let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))

  /// Starts a program with the terminal as its standard streams and as the controlling terminal of a new session.
  func start(_ words: [String], environment: [String: String]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // A session's first terminal that is opened without O_NOCTTY is its controlling one.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, path, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // 0x80 is POSIX_SPAWN_SETSID (spawn.h), which Swift does not see.
    posix_spawnattr_setflags(&attributes, 0x80)
    let argv = words.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + variables { free(text) } }
    var pid: pid_t = 0
    let failure = posix_spawnp(&pid, words[0], &actions, &attributes, argv, variables)
    if failure != 0 { throw SystemError("run \(words[0])", number: failure) }
    return pid
  }

  func type(_ text: String) throws { try keys.writeAll(Array(text.utf8)) }

  /// Waits until this text is on the screen.
  func expect(_ text: String) throws {
    while !isPart(text, of: shown) {
      guard try read(patience: 10_000) else { throw SystemError("wait for \(text) after \(shown)", number: ETIMEDOUT) }
    }
  }

  /// What was shown by the end of the program, and its exit status; nil if a signal ended it.
  func end(of pid: pid_t) throws -> (text: String, status: Int32?) {
    while try read(patience: 10_000) {}
    var status: Int32 = 0
    try systemCall("waitpid") { waitpid(pid, &status, 0) }
    return (shown, status & 0x7f == 0 ? (status >> 8) & 0xff : nil)
  }

  private var shown: String { String(decoding: screen, as: UTF8.self) }

  /// Reads what there is; false at the end, or if nothing comes in this many milliseconds.
  private func read(patience: Int32) throws -> Bool {
    var request = pollfd(fd: keys.number, events: Int16(POLLIN), revents: 0)
    guard try systemCall("poll", { poll(&request, 1, patience) }) == 1 else { return false }
    var bytes = [UInt8](repeating: 0, count: 4096)
    // EIO: nobody has the terminal open any more.
    let count = Glibc.read(keys.number, &bytes, bytes.count)
    screen += bytes.prefix(max(0, count))
    return count > 0
  }
}
