// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Synchronization
import TestSupport
import Testing

@testable import OS

@Suite struct ChangeTraceTests {
  @Test("what is told is recorded between the beginning and the end, in its order, with the answers")
  func recording() {
    ChangeTrace.tell("before")
    ChangeTrace.begin(container: nil)
    #expect(ChangeTrace.isOn)
    ChangeTrace.tell("ip link add")
    ChangeTrace.tell("ip link del", "No such device")
    let changes = ChangeTrace.end()
    #expect(changes.map(\.command) == ["ip link add", "ip link del"])
    #expect(changes.map(\.answer) == ["ok", "No such device"])
    #expect(ChangeTrace.end().isEmpty)
  }

  @Test("a call within a call has a recording of its own")
  func nested() {
    ChangeTrace.begin(container: nil)
    ChangeTrace.tell("a")
    ChangeTrace.begin(container: nil)
    ChangeTrace.tell("b")
    #expect(ChangeTrace.end().map(\.command) == ["b"])
    ChangeTrace.tell("c")
    #expect(ChangeTrace.end().map(\.command) == ["a", "c"])
  }

  @Test("a thread records its own changes, and not those of others")
  func otherThread() async throws {
    let (own, others) = try await onOwnThread {
      ChangeTrace.begin(container: nil)
      let isTold = Mutex(false)
      try startThread {
        ChangeTrace.tell("of another thread")
        isTold.withLock { $0 = true }
      }
      while !isTold.withLock({ $0 }) { pause(microseconds: 1000) }
      ChangeTrace.tell("of this thread")
      return (ChangeTrace.end(), ChangeTrace.end())
    }
    #expect(own.map(\.command) == ["of this thread"])
    #expect(others.isEmpty)
  }

  @Test(
    "a command in another namespace enters it by the container's path, or by its number",
    .enabled(if: Namespace.obstacle == nil, "needs privileges"))
  func namespaces() throws {
    let (container, other) = (try Namespace(), try Namespace())
    ChangeTrace.begin(container: container.path)
    container.run { ChangeTrace.tell("ip link") }
    let number = try other.command("readlink", "-n", "/proc/self/ns/net")
    other.run { ChangeTrace.tell("ip addr") }
    ChangeTrace.tell("ip route")
    let commands = ChangeTrace.end().map(\.command)
    #expect(commands == ["nsenter --net=\(container.path) ip link", "nsenter --net=\(number) ip addr", "ip route"])
  }
}

@Suite struct ShellCommandTests {
  @Test(
    "a shell reads each word as it was given",
    arguments: ["eth0", "", "an alias", "it's", "$(reboot)", "a\nb", "\\", "ü", "*", "10.1.2.3/24", "net/ipv4/x=0 1"])
  func words(word: String) throws {
    var command = ShellCommand("printf '[%s]'")
    command.add(word)
    command.add("dev", word)
    let outcome = try Program("/bin/sh").run(["-c", command.text], environment: [:], input: [])
    #expect(outcome.outputText == "[\(word)][dev][\(word)]")
  }

  @Test("an option without a value is left out")
  func options() {
    var command = ShellCommand("ip link set")
    command.add("mtu", Int?.none)
    command.add("promisc", on: nil)
    command.add("group", 7)
    command.add("allmulticast", on: false)
    #expect(command.text == "ip link set group 7 allmulticast off")
  }
}
