// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// What strace counts of a program and what it starts.
struct SystemCalls {
  /// All system calls.
  private(set) var count = 0
  /// How many programs were executed, the first included.
  private(set) var programs = 0

  /// Runs the program, which must succeed.
  init(of program: Program, environment: [String: String], input: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program("strace").run(
      ["-f", "-c", "-o", "\(folder.path)/counts", program.path], environment: environment, input: input)
    _ = try outcome.succeeded("strace \(program.path)")
    // Share, seconds, microseconds, calls, errors unless there are none, name.
    for line in try folder.read("counts").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 5, let name = words.last, let calls = Int(words[3]) else { continue }
      let errors = words.count > 5 ? Int(words[4]) ?? 0 : 0
      if name == "total" { count = calls }
      if name == "execve" { programs = calls - errors }
    }
    guard count > 0, programs > 0 else { throw Failure("strace counted nothing of \(program.path)") }
  }
}
