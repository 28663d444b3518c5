// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A program to run, with a time limit.
package struct Subprocess: Sendable {
  package let path: String
  package let environment: Environment

  package init(_ path: String, environment: Environment = .process) {
    self.path = path
    self.environment = environment
  }

  /// The path of the first executable file with this name in the folders; nil if there is none.
  package static func find(_ name: String, in folders: [String]) -> String? {
    for folder in folders {
      let path = "\(folder)/\(name)"
      var status = stat()
      let isFile = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      if isFile, unsafe access(path, X_OK) == 0 { return path }
    }
    return nil
  }

  /// How a program ended.
  package enum Ending: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)
    /// It exceeded its time, and was killed with its process group.
    case timeout
    /// It was cancelled, and was killed with its process group.
    case cancelled
  }

  /// Runs the program with `input` as its stdin; it inherits stderr. Returns its stdout, up to `limit` bytes; throws if it cannot be
  /// started.
  package func run(
    input: [UInt8], seconds: Int, outputLimit limit: Int, cancellation: Cancellation? = nil
  ) throws(SystemError) -> (ending: Ending, output: [UInt8]) {
    let stdin = try Self.input(input)
    let stdout = try Self.memoryFile("stdout")
    let pid = try spawn(stdin, stdout, stderr: nil)
    let ending = try Self.wait(for: pid, milliseconds: seconds * 1000, cancellation)
    return (ending, try Self.contents(stdout, limit))
  }

  /// How a program ended and what it printed.
  package struct Outcome: Sendable {
    package let ending: Ending
    package let output: [UInt8]
    package let errorOutput: [UInt8]
  }

  /// The same with a time limit in milliseconds, and with the program's stderr, up to the same number of bytes. The program holds `lock` too:
  /// if this process is killed, it is free when the program ends.
  package func run(
    input: [UInt8], milliseconds: Int, outputLimit limit: Int, cancellation: Cancellation? = nil, lock: FileLock? = nil
  ) throws(SystemError) -> Outcome {
    let stdin = try Self.input(input)
    let stdout = try Self.memoryFile("stdout")
    let stderr = try Self.memoryFile("stderr")
    let pid = try spawn(stdin, stdout, stderr: stderr.number, lock: lock?.descriptor)
    let ending = try Self.wait(for: pid, milliseconds: milliseconds, cancellation)
    return Outcome(
      ending: ending, output: try Self.contents(stdout, limit), errorOutput: try Self.contents(stderr, limit))
  }

  private static func input(_ bytes: [UInt8]) throws(SystemError) -> FileDescriptor {
    let file = try memoryFile("stdin")
    try file.writeAll(bytes)
    try systemCall("rewind") { lseek(file.number, 0, SEEK_SET) }
    return file
  }

  private static func contents(_ file: borrowing FileDescriptor, _ limit: Int) throws(SystemError) -> [UInt8] {
    let number = file.number
    try systemCall("rewind") { lseek(number, 0, SEEK_SET) }
    return try file.readAll(limit: limit)
  }

  /// An anonymous file. Unlike a pipe it cannot fill up, so neither process waits for the other.
  private static func memoryFile(_ name: String) throws(SystemError) -> FileDescriptor {
    FileDescriptor(
      owning: try systemCall("make a file in memory") { unsafe memfd_create(name, UInt32(MFD_CLOEXEC)) })
  }

  /// Starts the program as the leader of a process group; without a stderr it inherits this process's.
  private func spawn(
    _ stdin: borrowing FileDescriptor, _ stdout: borrowing FileDescriptor, stderr: Int32?, lock: Int32? = nil
  ) throws(SystemError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, stdin.number, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, stdout.number, STDOUT_FILENO)
    if let stderr { unsafe posix_spawn_file_actions_adddup2(&actions, stderr, STDERR_FILENO) }
    // The last, because the number may be that of another.
    if let lock { unsafe posix_spawn_file_actions_adddup2(&actions, lock, STDERR_FILENO + 1) }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    // A program would inherit that this thread blocks signals, as threads of libdispatch do, and that this process ignores SIGPIPE.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)

    let words = unsafe [strdup(path), nil]
    let environment = unsafe self.environment.copies() + [nil]
    defer { unsafe (words + environment).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    // ETXTBSY: another process, such as an installer, is writing the file.
    let retry = Retry(attempts: 51) { _ in 100_000 }
    let failure = retry.run {
      let failure = unsafe posix_spawn(&pid, path, &actions, &attributes, words, environment)
      return failure == ETXTBSY ? nil : failure
    }
    if failure != 0 { throw SystemError("run \(path)", number: failure ?? ETXTBSY) }
    return pid
  }

  private static func wait(
    for pid: pid_t, milliseconds: Int, _ cancellation: Cancellation?
  ) throws(SystemError) -> Ending {
    let stopped = waitUntilEnd(of: pid, milliseconds: milliseconds, cancellation)
    if stopped != nil { kill(-pid, SIGKILL) }
    var status: Int32 = 0
    try systemCall("wait for process \(pid)") { unsafe waitpid(pid, &status, 0) }
    if let stopped { return stopped }
    // WIFSIGNALED, WTERMSIG and WEXITSTATUS of wait(2)
    let signal = status & 0x7f
    return signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
  }

  /// Waits for the process to end; returns nil when it did, else the reason to kill it.
  private static func waitUntilEnd(of pid: pid_t, milliseconds: Int, _ cancellation: Cancellation?) -> Ending? {
    let deadline = monotonicMilliseconds() + milliseconds
    let file = FileDescriptor(owning: cni_pidfd_open(pid))
    while true {
      let rest = deadline - monotonicMilliseconds()
      if rest <= 0 { return .timeout }
      // poll(2) ignores negative descriptors.
      var requests = [file.number, cancellation?.descriptor ?? -1].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      // Kernels before 5.3 have no pidfd: poll only sleeps, and waitid checks whether the process has ended.
      let patience = Int32(clamping: file.number < 0 ? min(rest, 5) : rest)
      _ = unsafe poll(&requests, nfds_t(requests.count), patience)
      if requests[0].revents != 0 { return nil }
      if requests[1].revents != 0 { return .cancelled }
      var info = unsafe siginfo_t()
      let options = WEXITED | WNOHANG | WNOWAIT
      if file.number < 0, unsafe waitid(P_PID, id_t(pid), &info, options) == 0, unsafe info.si_signo != 0 {
        return nil
      }
    }
  }
}
