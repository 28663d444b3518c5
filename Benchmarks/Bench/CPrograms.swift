// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport

/// Small C programs that the measurements need.
struct CPrograms {
  /// Does nothing, and is linked as the program is.
  let empty: Program
  /// Runs a program (its path, then its `argv`) and writes the peak memory in KiB as the last line of stderr; it is so
  /// small that its own does not hide the program's, as that of this process would.
  let peak: Program
  /// Makes the kernel do what a change of a table of iptables takes, and nothing else (see ``tableSource``).
  let table: Program
  /// Makes the kernel connect a container to a bridge, and nothing else (see ``linkSource``).
  let link: Program

  /// Compiles them for `body`, into a folder that goes when it ends.
  static func with<T>(_ body: (CPrograms) throws -> T) throws -> T {
    var name = Array("/tmp/swift-cni-bench.XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw Failure("no folder can be made in /tmp") }
    let folder = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let programs = CPrograms(
      empty: Program("\(folder)/empty"), peak: Program("\(folder)/peak"), table: Program("\(folder)/table"),
      link: Program("\(folder)/link"))
    defer {
      for program in [programs.empty, programs.peak, programs.table, programs.link] { unlink(program.path) }
      rmdir(folder)
    }
    try programs.compile()
    return try body(programs)
  }

  private func compile() throws {
    try compile("int main(void) { return 0; }", to: empty, flags: ["-static"])
    try compile(
      """
      #include <stdio.h>
      #include <sys/resource.h>
      #include <sys/wait.h>
      #include <unistd.h>
      int main(int count, char **words) {
        struct rusage usage;
        int status;
        pid_t child = fork();
        if (child == 0) { execv(words[1], words + 2); _exit(127); }
        if (child < 0 || wait4(child, &status, 0, &usage) != child) return 126;
        dprintf(2, "\\n%ld\\n", usage.ru_maxrss);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
      }
      """, to: peak, flags: [])
    try compile(Self.tableSource, to: table, flags: ["-static"])
    try compile(Self.linkSource, to: link, flags: ["-static"])
  }

  private func compile(_ source: String, to program: Program, flags: [String]) throws {
    _ = try Self.run("cc", ["-O2", "-x", "c", "-o", program.path, "-", "-x", "none"] + flags, input: source)
  }

  private static func run(_ name: String, _ words: [String], input: String = "") throws -> String {
    let environment = ["PATH": Program.standardPath]
    let outcome = try Program(name).run(words, environment: environment, input: Array(input.utf8))
    return try outcome.succeeded(name).outputText
  }
}
