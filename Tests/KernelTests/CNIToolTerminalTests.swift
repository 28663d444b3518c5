// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("cnitool run on a terminal", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolTerminalTests {
  private let node: ToolNode
  private let terminal: Pseudoterminal

  init() throws {
    node = try ToolNode()
    terminal = try Pseudoterminal()
    try node.addNetwork("net", ToolNode.bridge(0))
  }

  private func start(_ words: [String]) throws -> pid_t {
    let (prefix, environment) = node.entering()
    return try terminal.start(prefix + words, environment: environment)
  }

  @Test("Ctrl-C interrupts the command once, and cnitool returns its exit status")
  func interrupted() throws {
    let script = "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.01; done"
    let pid = try start([ToolNode.tool, "run", "net", "--", "/bin/sh", "-c", script])
    try terminal.expect("ready")
    try terminal.type("\u{3}")
    let (text, status) = try terminal.end(of: pid)
    #expect(status == 3)
    #expect(text.split(separator: "caught", omittingEmptySubsequences: false).count == 2)
    #expect(try node.leftovers() == "")
  }

  @Test("the command is in the foreground group, and reads what is typed")
  func foreground() throws {
    let pid = try start([
      ToolNode.tool, "run", "net", "--", "/bin/sh", "-c", "test -t 0; echo ready; read line; echo got $line",
    ])
    try terminal.expect("ready")
    try terminal.type("word\n")
    let (text, status) = try terminal.end(of: pid)
    #expect(status == 0 && text.contains("got word"))
    #expect(try node.leftovers() == "")
  }

  @Test("Ctrl-Z stops cnitool with its command, and the shell continues both")
  func stopped() throws {
    let pid = try start(["bash", "--norc", "-i"])
    try terminal.type("$CNITOOL run net -- sh -c 'echo rea''dy; read line; echo got $line'; echo sta''tus $?\n")
    try terminal.expect("ready")
    try terminal.type("\u{1a}")
    try terminal.expect("Stopped")
    try terminal.type("fg\n")
    try terminal.expect("fg\r\n")
    try terminal.type("word\n")
    try terminal.expect("got word")
    try terminal.type("exit 6\n")
    #expect(try terminal.end(of: pid).status == 6)
    #expect(try node.leftovers() == "")
  }

  @Test("a shell that was killed does not keep the terminal")
  func takenBack() throws {
    let script = "$CNITOOL run net -- bash --norc -ic 'kill -KILL $$'; echo status $?; read line; echo got $line"
    let pid = try start(["/bin/sh", "-c", script])
    try terminal.expect("status 137")
    try terminal.type("word\n")
    let (text, status) = try terminal.end(of: pid)
    #expect(status == 0 && text.contains("got word"))
    #expect(try node.leftovers() == "")
  }
}
