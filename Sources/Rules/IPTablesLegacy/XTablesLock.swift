// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import IPTables
import OS

/// The lock that programs take to change a table of iptables-legacy: the kernel itself notices that a table has changed since it
/// was read only if its number of entries has.
struct XTablesLock {
  let path: String
  /// The limit for waiting, in milliseconds.
  let patience: Int

  /// The file that iptables locks, in the mount namespace of this process.
  static var standardPath: String {
    // iptables/xshared.c
    guard let path = Environment.process["XTABLES_LOCKFILE"], !path.isEmpty else { return "/run/xtables.lock" }
    return path
  }

  /// Runs `body` while holding the lock.
  func held<T>(for action: String, _ body: () throws(CNIError) -> T) throws(CNIError) -> T {
    let file = try opened(action)
    try take(file.number, action)
    defer { flock(file.number, LOCK_UN) }
    return try body()
  }

  private func opened(_ action: String) throws(CNIError) -> FileDescriptor {
    do throws(SystemError) {
      let number = try systemCall("open \(path)") {
        unsafe open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
      }
      return FileDescriptor(owning: number)
    } catch {
      throw CNIError(.inputOutput, "\(action): \(error)")
    }
  }

  private func take(_ file: Int32, _ action: String) throws(CNIError) {
    let deadline = monotonicMilliseconds() + patience
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      guard number == EWOULDBLOCK || number == EINTR else {
        throw CNIError(.inputOutput, "\(action): \(SystemError("lock \(path)", number: number))")
      }
      if monotonicMilliseconds() >= deadline {
        let seconds = Double(patience) / 1000
        throw CNIError(.tryAgainLater, "\(action): another program has held the lock \(path) for \(seconds) s")
      }
      // Polling, because programs that wait in the kernel pass the lock on to one another; frequent attempts find it free.
      pause(microseconds: 500)
    }
  }
}
