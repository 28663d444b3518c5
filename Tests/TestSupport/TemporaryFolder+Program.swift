// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension TemporaryFolder {
  /// Writes a file and returns its path. Another process writes it, so that no fork of this process holds it open when it is run
  /// (ETXTBSY).
  @discardableResult
  package func add(_ text: String, named name: String, mode: String = "755") throws -> String {
    let path = "\(self.path)/\(name)"
    let words = ["install", "-D", "-m", mode, "/dev/stdin", path]
    let outcome = try Program(words[0]).run(Array(words.dropFirst()), input: Array(text.utf8))
    guard outcome.status == 0 else { throw CommandFailure(words: words, outcome: outcome) }
    return path
  }

  /// Writes a shell script and returns its path.
  @discardableResult
  package func addScript(_ lines: String, named name: String = "script") throws -> String {
    try add("#!/bin/sh\n\(lines)\n", named: name)
  }
}

extension TemporaryFolder {
  /// The text of a file in the folder.
  package func read(_ name: String) throws -> String { try Program("cat").run(["\(path)/\(name)"]).outputText }
}
