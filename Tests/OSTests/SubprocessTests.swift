// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite struct SubprocessTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs what these lines of a shell say; `output` is what it printed.
  private func run(
    _ lines: String, input: [UInt8] = [], variables: [String: String] = [:], seconds: Int = 60, limit: Int = 1 << 24
  ) throws -> (ending: Subprocess.Ending, output: [UInt8]) {
    let program = Subprocess(try folder.addScript(lines), environment: Self.changed(variables))
    return try program.run(input: input, seconds: seconds, outputLimit: limit)
  }

  /// The environment of this process with these variables changed.
  private static func changed(_ variables: [String: String]) -> Environment {
    var environment = Environment.process
    for (name, value) in variables { environment[name] = value }
    return environment
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The processes that a program named in its output.
  private static func processes(_ output: [UInt8]) -> [pid_t] {
    text(output).split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
  }

  /// Whether there is such a process, and it has not ended.
  private static func isAlive(_ process: pid_t) -> Bool {
    guard let status = try? FileDescriptor.open("/proc/\(process)/stat").readAll() else { return false }
    return !text(status).contains(") Z ")
  }

  /// Bytes of every value, in an order that repeats late.
  private static func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
  }
}

// MARK: - Endings

extension SubprocessTests {
  @Test("the exit status is told", arguments: [0, 1, 2, 127, 128, 255] as [Int32])
  func status(number: Int32) throws {
    let (ending, output) = try run("exit \(number)")
    #expect(ending == .exit(number))
    #expect(output.isEmpty)
  }

  @Test("the signal that ended the program is told", arguments: [SIGALRM, SIGFPE, SIGHUP, SIGKILL, SIGTERM])
  func signal(number: Int32) throws {
    let (ending, output) = try run("ulimit -c 0; echo before; kill -\(number) $$")
    #expect(ending == .signal(number))
    #expect(Self.text(output) == "before\n")
  }

  @Test("a program that takes too long is killed with its children, also if they ignore a polite request")
  func timeout() throws {
    let clock = ContinuousClock()
    let begin = clock.now
    let (ending, output) = try run("trap '' TERM; sleep 100 & echo $$ $!; wait; wait", seconds: 1)
    let duration = begin.duration(to: clock.now)
    let processes = Self.processes(output)
    defer { for process in processes where Self.isAlive(process) { kill(process, SIGKILL) } }
    #expect(ending == .timeout)
    #expect(processes.count == 2)
    #expect(duration >= .seconds(1) && duration < .seconds(20))
    // The child's end is not waited for.
    for _ in 0..<500 where processes.contains(where: Self.isAlive) { usleep(10_000) }
    #expect(!processes.contains(where: Self.isAlive))
  }

  @Test("a program is killed when its call is cancelled, also before it began")
  func cancelled() throws {
    let cancellation = try Cancellation()
    let program = Subprocess(try folder.addScript("echo $$; exec sleep 50"))
    cancellation.cancel()
    let (ending, output) = try program.run(input: [], seconds: 60, outputLimit: 100, cancellation: cancellation)
    #expect(ending == .cancelled)
    for process in Self.processes(output) { #expect(!Self.isAlive(process)) }
  }

  @Test("a program is killed when another thread cancels its call")
  func cancelledMeanwhile() async throws {
    let cancellation = try Cancellation()
    let path = try folder.addScript("exec sleep 50")
    async let ending = Subprocess(path).run(input: [], seconds: 60, outputLimit: 0, cancellation: cancellation).ending
    try await Task.sleep(for: .milliseconds(50))
    cancellation.cancel()
    #expect(try await ending == .cancelled)
  }

  @Test("a call that nobody cancels ends as its program does")
  func notCancelled() throws {
    let program = Subprocess(try folder.addScript("exit 3"))
    let cancellation = try Cancellation()
    #expect(try program.run(input: [], seconds: 60, outputLimit: 0, cancellation: cancellation).ending == .exit(3))
  }

  @Test("a child that the program leaves running is neither waited for nor ended")
  func leftChild() throws {
    let clock = ContinuousClock()
    let begin = clock.now
    let (ending, output) = try run("sleep 50 & echo $!")
    #expect(begin.duration(to: clock.now) < .seconds(40))
    #expect(ending == .exit(0))
    let child = try #require(Self.processes(output).first)
    #expect(Self.isAlive(child))
    kill(child, SIGKILL)
  }

  @Test("when the call returns there is no process left, not even a dead one")
  func reaped() throws {
    for end in ["exit 0", "kill -KILL $$", "sleep 50"] {
      let (_, output) = try run("echo $$; \(end)", seconds: end == "sleep 50" ? 1 : 60)
      let process = try #require(Self.processes(output).first)
      #expect(access("/proc/\(process)", F_OK) != 0)
    }
  }

  @Test("programs that run at the same time each have their own input and output")
  func crowd() async throws {
    let path = try folder.addScript("exec cat")
    let correct = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<16 {
        group.addTask {
          let input = [UInt8](repeating: UInt8(number), count: 10_000 + number)
          let outcome = try? Subprocess(path).run(input: input, seconds: 60, outputLimit: 1 << 20)
          return outcome?.ending == .exit(0) && outcome?.output == input
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(correct == 16)
  }
}

// MARK: - Input and output

extension SubprocessTests {
  @Test("the input arrives and the output comes back, however much it is", arguments: [0, 1, 65_537, 5_000_000])
  func inputAndOutput(count: Int) throws {
    let input = Self.bytes(count)
    let (ending, output) = try run("exec cat", input: input)
    #expect(ending == .exit(0))
    #expect(output == input)
  }

  @Test("a program may say much before it reads much")
  func outputFirst() throws {
    let (ending, output) = try run("head -c 1000000 /dev/zero; cat", input: Self.bytes(1_000_000))
    #expect(ending == .exit(0))
    #expect(output == [UInt8](repeating: 0, count: 1_000_000) + Self.bytes(1_000_000))
  }

  @Test(
    "a program that reads nothing, or only the beginning, ends as it wants",
    arguments: ["exit 7", "exec <&-; exit 7", "head -c 1 > /dev/null; exit 7"])
  func unread(lines: String) throws {
    let (ending, output) = try run(lines, input: Self.bytes(5_000_000))
    #expect(ending == .exit(7))
    #expect(output.isEmpty)
  }

  @Test("the processes of a program write one behind the other")
  func severalWriters() throws {
    let (_, output) = try run("echo a; (echo b); sh -c 'echo c'; cat", input: Array("d".utf8))
    #expect(Self.text(output) == "a\nb\nc\nd")
  }

  @Test("of the output only the beginning is taken", arguments: [(0, ""), (3, "abc"), (6, "abcdef"), (7, "abcdef")])
  func limit(limit: Int, expected: String) throws {
    let (ending, output) = try run("printf abcdef", limit: limit)
    #expect(ending == .exit(0))
    #expect(Self.text(output) == expected)
  }

  @Test("the program is called by its path, without arguments")
  func arguments() throws {
    let (_, output) = try run(#"echo "$0 $#""#)
    #expect(Self.text(output) == "\(folder.path)/script 0\n")
  }

  @Test("no descriptor stays open, here or in the program, however the program ends")
  func descriptors() async {
    // In a process of its own, in which nobody else opens files.
    await #expect(processExitsWith: .success) {
      func descriptors() throws -> [String] { try Folder.open("/proc/self/fd")?.names().sorted() ?? [] }
      let folder = try TemporaryFolder()
      let list = try folder.addScript("for file in /proc/$$/fd/*; do readlink $file; done")
      let slow = try folder.addScript("sleep 50", named: "slow")
      let broken = try folder.add("no program", named: "broken")
      let before = try descriptors()
      let output = try Subprocess(list).run(input: [1], seconds: 60, outputLimit: 1 << 20).output
      let ending = try Subprocess(slow).run(input: [1], seconds: 1, outputLimit: 0).ending
      #expect(ending == .timeout)
      for path in [broken, "\(folder.path)/nosuch"] {
        #expect(throws: SystemError.self) { _ = try Subprocess(path).run(input: [1], seconds: 60, outputLimit: 0) }
      }
      #expect(try descriptors() == before)
      // Its stdin and its stdout.
      let names = String(decoding: output, as: UTF8.self).split(separator: "\n")
      #expect(names.filter { $0.hasPrefix("/memfd:") }.count == 2)
    }
  }
}

// MARK: - The environment

extension SubprocessTests {
  /// The variables of a program, each between line ends.
  private func environment(_ variables: [String: String]) throws -> String {
    let (ending, output) = try Subprocess("/usr/bin/env", environment: Self.changed(variables))
      .run(input: [], seconds: 60, outputLimit: 1 << 20)
    #expect(ending == .exit(0))
    return "\n\(Self.text(output))\n"
  }

  @Test("the program has the variables of this process")
  func passedOn() throws {
    let text = try environment([:])
    let own = try FileDescriptor.open("/proc/self/environ").readAll().split(separator: 0).map { Self.text(Array($0)) }
    // Those that nobody has changed since.
    let lasting = own.filter { entry in
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 && Environment.process[String(parts[0])] == String(parts[1])
    }
    #expect(!lasting.isEmpty)
    for entry in lasting { #expect(text.contains("\n\(entry)\n")) }
  }

  @Test("variables are added, or stand instead of those of this process, whatever their values are")
  func changed() throws {
    let path = try #require(Environment.process["PATH"])
    for value in ["", "a b=c;d", "a\nb", "äß🙂", String(repeating: "x", count: 9999)] {
      let text = try environment(["SWIFT_CNI_NEW": value, "PATH": value])
      #expect(text.contains("\nSWIFT_CNI_NEW=\(value)\n"))
      #expect(text.contains("\nPATH=\(value)\n"))
      #expect(text.split(separator: "\n").count { $0.hasPrefix("PATH=") } == 1)
    }
    #expect(Environment.process["PATH"] == path)
    #expect(Environment.process["SWIFT_CNI_NEW"] == nil)
  }

  @Test("a variable that is taken away is not there, and with none of this process only those given are")
  func takenAway() throws {
    var environment = Environment.process
    environment["PATH"] = nil
    func variables(_ environment: Environment) throws -> [String] {
      let program = Subprocess("/usr/bin/env", environment: environment)
      return Self.text(try program.run(input: [], seconds: 60, outputLimit: 1 << 20).output).split(separator: "\n")
        .map(String.init)
    }
    #expect(try !variables(environment).contains { $0.hasPrefix("PATH=") })
    #expect(try variables(Environment(["A": "1", "B": ""])).sorted() == ["A=1", "B="])
  }

  @Test("a variable whose name begins like another one's is another")
  func similarName() throws {
    let path = try #require(Environment.process["PATH"])
    let text = try environment(["PAT": "x", "PATHS": "y"])
    for entry in ["PATH=\(path)", "PAT=x", "PATHS=y"] { #expect(text.contains("\n\(entry)\n")) }
  }

  @Test("bytes of this process's variables that are no UTF-8 reach the program as they are")
  func foreignBytes() async {
    // In a process of its own, as others read the environment meanwhile.
    await #expect(processExitsWith: .success) {
      let value: [CChar] = [0x61, CChar(bitPattern: 0xff), 0x62, 0]
      setenv("SWIFT_CNI_FOREIGN", value, 1)
      let output = try Subprocess("/usr/bin/env").run(input: [], seconds: 60, outputLimit: 1 << 20).output
      let line = try #require(output.split(separator: 0x0a).first { $0.starts(with: "SWIFT_CNI_FOREIGN=".utf8) })
      #expect(Array(line.suffix(3)) == [0x61, 0xff, 0x62])
    }
  }
}

// MARK: - What cannot be run

extension SubprocessTests {
  private func failure(_ path: String) -> Int32? {
    let error = #expect(throws: SystemError.self) {
      _ = try Subprocess(path).run(input: [], seconds: 60, outputLimit: 0)
    }
    #expect(error?.action == "run \(path)")
    return error?.number
  }

  @Test("a program that is missing, or whose interpreter is, is an error with its path")
  func missing() throws {
    #expect(failure("\(folder.path)/nosuch") == ENOENT)
    #expect(failure(try folder.add("#!/nonexistent/shell\n", named: "script")) == ENOENT)
    #expect(failure("\(folder.path)/script/below") == ENOTDIR)
  }

  @Test("a file that is not executable, and a folder, are an error with their path")
  func notExecutable() throws {
    #expect(failure(try folder.add("#!/bin/sh\n", named: "script", mode: "644")) == EACCES)
    #expect(failure(folder.path) == EACCES)
  }

  @Test("a file in a format that no kernel runs is an error with its path", arguments: ["", "exit 0\n", "\u{7f}ELF"])
  func wrongFormat(text: String) throws {
    #expect(failure(try folder.add(text, named: "program")) == ENOEXEC)
  }
}

// MARK: - Finding programs

extension SubprocessTests {
  @Test("the program of the first folder that has one is found; links are followed")
  func found() throws {
    let folders = ["a", "b", "c"].map { "\(folder.path)/\($0)" }
    try folder.add("", named: "b/plugin")
    try folder.add("", named: "c/plugin")
    try folder.add("", named: "c/other")
    #expect(Subprocess.find("plugin", in: folders) == "\(folders[1])/plugin")
    #expect(Subprocess.find("plugin", in: folders.reversed()) == "\(folders[2])/plugin")
    #expect(Subprocess.find("other", in: folders) == "\(folders[2])/other")
    try systemCall("mkdir") { mkdir(folders[0], 0o700) }
    try systemCall("symlink") { symlink("../c/other", "\(folders[0])/other") }
    #expect(Subprocess.find("other", in: folders) == "\(folders[0])/other")
  }

  @Test("what is no program is passed over")
  func passedOver() throws {
    let folders = ["a", "b", "c", "d", "e"].map { "\(folder.path)/\($0)" }
    try folder.add("", named: "a/plugin", mode: "644")
    try folder.add("", named: "b/plugin/file")
    try folder.add("", named: "c/other")
    try systemCall("symlink") { symlink("/nonexistent/plugin", "\(folders[2])/plugin") }
    try systemCall("mkdir") { mkdir(folders[3], 0o700) }
    try systemCall("mkfifo") { mkfifo("\(folders[3])/plugin", 0o700) }
    #expect(Subprocess.find("plugin", in: folders) == nil)
    try folder.add("", named: "e/plugin")
    #expect(Subprocess.find("plugin", in: folders) == "\(folders[4])/plugin")
  }

  @Test("in no folder, in one that is missing or in an empty one nothing is found")
  func notFound() throws {
    for folders in [[], ["/nonexistent"], [folder.path]] { #expect(Subprocess.find("plugin", in: folders) == nil) }
  }
}

// MARK: - With its stderr

extension SubprocessTests {
  private func outcome(_ lines: String, milliseconds: Int = 60_000, limit: Int = 1 << 20) throws -> Subprocess.Outcome {
    try Subprocess(try folder.addScript(lines)).run(
      input: Array("in".utf8), milliseconds: milliseconds, outputLimit: limit)
  }

  @Test("stdout and stderr are told apart, each up to the limit")
  func errorOutput() throws {
    let both = try outcome("cat; echo problem >&2; exit 3")
    #expect(both.ending == .exit(3))
    #expect(Self.text(both.output) == "in")
    #expect(Self.text(both.errorOutput) == "problem\n")
    let cut = try outcome("echo 12345; echo 67890 >&2", limit: 3)
    #expect(Self.text(cut.output) == "123")
    #expect(Self.text(cut.errorOutput) == "678")
  }

  @Test("a limit below a second holds")
  func shortTimeout() throws {
    let begin = ContinuousClock.now
    #expect(try outcome("exec sleep 100", milliseconds: 50).ending == .timeout)
    #expect(ContinuousClock.now - begin < .seconds(50))
  }

  @Test("a program inherits a lock, and what it leaves running holds it only until it is unlocked here")
  func inheritedLock() throws {
    let kept = try Folder.make("\(folder.path)/kept")
    let lock = try kept.tryLock("lock")
    // The child of the program outlives it, and has the lock's descriptor.
    let path = try folder.addScript("readlink /proc/self/fd/3; sleep 50 & echo $!")
    let outcome = try Subprocess(path).run(input: [], milliseconds: 60_000, outputLimit: 1 << 10, lock: lock)
    let lines = Self.text(outcome.output).split(separator: "\n")
    let child = try #require(Self.processes(Array((lines.last ?? "").utf8)).first)
    defer { kill(child, SIGKILL) }
    #expect(lines.first.map(String.init) == "\(folder.path)/kept/lock")
    #expect(try kept.tryLock("lock") == nil)
    lock?.unlock()
    #expect(try kept.tryLock("lock") != nil)
    #expect(Self.isAlive(child))
  }
}
