// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Glibc
import OS
import TestSupport
import Testing

/// Plugins that are programs: shell scripts.
@Suite struct ProgramExecutorTests {
  private let setting: Setting
  private let bin: TemporaryFolder

  init() throws {
    setting = try Setting()
    bin = try TemporaryFolder()
  }

  private func runtime(timeout: Duration = .seconds(60)) -> NetworkRuntime {
    NetworkRuntime(.init(pluginFolders: ["/nothing", bin.path], cacheFolder: setting.cacheFolder, timeout: timeout))
  }

  private func log() throws -> [String] {
    try bin.read("log").split(separator: "\n").map(String.init)
  }

  @Test("a chain of programs gets variables and stdin, and its last result is returned")
  func chain() async throws {
    let lines = """
      echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS $CNI_PATH $(cat)" >> \(bin.path)/log
      [ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}'
      """
    for name in ["first", "second"] { try bin.addScript(lines, named: name) }
    let (runtime, list) = (runtime(), try network("first", "second"))
    let attachment = Attachment(containerID: "c", namespace: "/x", arguments: [.init("A", "b")])
    let result = try await runtime.add(list, attachment)
    #expect(result.addresses.map(\.address) == ["10.1.2.3/24"])
    try await runtime.check(list, attachment)
    try await runtime.delete(list, attachment)
    let path = "/nothing:\(bin.path)"
    let previous = #","prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}"#
    func line(_ verb: String, _ type: String, _ previous: String) -> String {
      #"\#(verb) c /x eth0 A=b \#(path) {"cniVersion":"1.0.0","name":"net"\#(previous),"type":"\#(type)"}"#
    }
    #expect(
      try log() == [
        line("ADD", "first", ""), line("ADD", "second", previous), line("CHECK", "first", previous),
        line("CHECK", "second", previous), line("DEL", "second", previous), line("DEL", "first", previous),
      ])
  }

  @Test("an error object and stderr are told")
  func failing() async throws {
    let lines = """
      [ "$CNI_COMMAND" = ADD ] || exit 0
      echo note >&2
      echo '{"code":7,"msg":"bad","details":"d"}'
      exit 1
      """
    try bin.addScript(lines, named: "plugin")
    let failure = await runtimeFailure { try await runtime().add(network("plugin"), Setting.attachment) }
    #expect(failure?.reason == .refused(code: 7, message: "bad", details: "d"))
    #expect(failure?.rollback.isEmpty == true)
  }

  @Test("stderr alone is the error")
  func stderr() async throws {
    try bin.addScript("echo problem >&2; exit 3", named: "plugin")
    let failure = await runtimeFailure { try await runtime().version(ofPlugin: "plugin") }
    #expect(failure?.message == #"netplugin failed: "problem\n": exit status 3"#)
  }

  @Test("a program that takes too long is ended, and what it may have made is undone")
  func timeout() async throws {
    try bin.addScript(
      """
      echo $CNI_COMMAND >> \(bin.path)/log
      [ "$CNI_COMMAND" != ADD ] || exec sleep 100
      """, named: "plugin")
    let failure = await runtimeFailure {
      try await runtime(timeout: .seconds(2)).add(network("plugin"), Setting.attachment)
    }
    #expect(failure?.reason == .timedOut(.seconds(2)))
    #expect(failure?.rollback.isEmpty == true)
    #expect(try log() == ["ADD", "DEL"])
  }

  @Test("a cancelled task ends the program, and what it may have made is undone")
  func cancelled() async throws {
    try bin.addScript(
      """
      echo $CNI_COMMAND >> \(bin.path)/log
      [ "$CNI_COMMAND" != ADD ] || exec sleep 900
      """, named: "plugin")
    // Longer than other tests can hold the pool's threads.
    let (runtime, list) = (runtime(timeout: .seconds(900)), try network("plugin"))
    let task = Task { await runtimeFailure { try await runtime.add(list, Setting.attachment) } }
    for _ in 0..<1000 where !pathExists("\(bin.path)/log") { try await Task.sleep(for: .milliseconds(10)) }
    task.cancel()
    let failure = await task.value
    #expect(failure?.reason == .cancelled)
    #expect(failure?.rollback.isEmpty == true)
    #expect(try log() == ["ADD", "DEL"])
  }

  @Test("a program that cannot be started is told")
  func unstartable() async throws {
    try bin.add("#!/no/such/interpreter\n", named: "plugin")
    let failure = await runtimeFailure { try await runtime().version(ofPlugin: "plugin") }
    #expect(failure?.message.hasPrefix("run \(bin.path)/plugin: ") == true)
  }

  @Test("more programs than threads of the pool run at once")
  func many() async throws {
    // Each waits for all others.
    let count = 32
    try bin.addScript(
      """
      touch "\(bin.path)/here-$CNI_CONTAINERID"
      for i in $(seq 3000); do
        [ "$(ls \(bin.path) | grep -c here-)" -lt \(count) ] || break
        sleep 0.01
      done
      [ "$(ls \(bin.path) | grep -c here-)" -ge \(count) ] && echo '{"cniVersion":"1.0.0"}'
      """, named: "plugin")
    let (runtime, list) = (runtime(), try network("plugin"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        group.addTask { _ = try await runtime.add(list, Attachment(containerID: "c\(number)", namespace: "/x")) }
      }
      try await group.waitForAll()
    }
    #expect(try setting.files().count == count)
  }

  @Test("the first folder that has an executable file counts")
  func find() throws {
    let other = try TemporaryFolder()
    try other.add("x", named: "plugin", mode: "644")
    let path = try bin.addScript("true", named: "plugin")
    #expect(ProgramExecutor().find("plugin", in: [other.path, bin.path]) == path)
    #expect(ProgramExecutor().find("plugin", in: [other.path]) == nil)
  }
}
