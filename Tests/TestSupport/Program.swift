// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A program to run, by its path or, without a slash, by its name.
package struct Program: Sendable {
  package let path: String
  /// The program's `argv[0]`.
  package let name: String

  package init(_ path: String, name: String? = nil) {
    self.path = path
    self.name = name ?? path
  }

  /// Folders to search after those of this process's `PATH`.
  package static let standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// Runs the program to its end, in the namespace of this thread and with exactly these variables.
  package func run(
    _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = []
  ) throws -> Outcome {
    try start(arguments, environment: environment, input: input).wait()
  }

  /// Starts the program, as `run` does, and leaves it running.
  package func start(
    _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = []
  ) throws -> RunningProgram {
    let path = try found()
    let files = (try Descriptor.temporary(), try Descriptor.temporary(), try Descriptor.temporary())
    try files.0.fill(input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, files.0.number, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, files.1.number, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, files.2.number, STDERR_FILENO)
    let argv = ([name] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + variables { free(text) } }

    var pid: pid_t = 0
    let started = monotonicNanoseconds()
    let failure = posix_spawn(&pid, path, &actions, nil, argv, variables)
    if failure != 0 { throw SystemError("run \(path)", number: failure) }
    return RunningProgram(pid: pid, started: started, output: files.1, errors: files.2)
  }

  private func found() throws -> String {
    if path.contains("/") { return path }
    let own = Environment.process["PATH"] ?? ""
    for folder in "\(own):\(Self.standardPath)".split(separator: ":") where access("\(folder)/\(path)", X_OK) == 0 {
      return "\(folder)/\(path)"
    }
    throw SystemError("find the program \(path)", number: ENOENT)
  }
}

/// The kernel's monotonic clock.
package func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
