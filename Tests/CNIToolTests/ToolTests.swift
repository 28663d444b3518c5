// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import JSON
import Testing

@testable import CNITool

@Suite("the command line") struct ToolTests {
  @Test("upstream's flag before the command is taken too")
  func flagFirst() {
    #expect(Tool.reordered(["-i", "eth1", "add", "n", "/ns"]) == ["add", "-i", "eth1", "n", "/ns"])
    #expect(Tool.reordered(["--ifname=eth1", "del", "n"]) == ["del", "--ifname=eth1", "n"])
    for same in [[], ["add"], ["-i"], ["-i", "x"], ["add", "n", "-i", "eth1"], ["gc", "-ix"]] {
      #expect(Tool.reordered(same) == same)
    }
  }

  @Test(
    "the interface's name may be in one word with its letter, as upstream's parser has it",
    arguments: ["-ieth5", "-i=eth5"])
  func joined(flag: String) throws {
    for words in [["del", flag, "n", "/ns"], ["del", "n", "/ns", flag], [flag, "del", "n", "/ns"]] {
      let command = try Tool.parseAsRoot(Tool.reordered(words))
      #expect((command as? Delete)?.arguments.interface == "eth5")
    }
  }

  @Test("an empty name is none, and words behind -- are no options", arguments: ["-i=", "--ifname="])
  func empty(flag: String) throws {
    for words in [["del", flag, "n", "/ns"], ["del", "n", "/ns", flag], [flag, "del", "n", "/ns"]] {
      let command = try Tool.parseAsRoot(Tool.reordered(words)) as? Delete
      #expect(command?.arguments.interface == "" && command?.arguments.network == "n")
    }
    #expect(Tool.reordered(["add", "n", "--", "-ix"]) == ["add", "n", "--", "-ix"])
  }

  @Test(
    "the commands are parsed",
    arguments: [
      ["add", "n", "/ns"], ["check", "n", "/ns", "-i", "eth1"], ["del", "n", "/ns", "--ifname", "eth1", "--json"],
      ["gc", "n", "/ns"], ["gc"], ["gc", "n", "--all"], ["status", "n", "/ns"], ["status", "n"], ["list", "--json"],
      ["attachments"], ["attachments", "n"], ["validate"], ["validate", "-"], ["validate", "a", "b"],
      ["exec-plugins", "add", "c", "/ns"], ["run"], ["run", "a", "b"], ["run", "--pid", "7", "a"],
      ["run", "-p", "1:1", "a", "--name", "x"],
    ])
  func accepted(arguments: [String]) throws { _ = try Tool.parseAsRoot(arguments) }

  @Test(
    "other command lines are refused",
    arguments: [
      ["add"], ["add", "n"], ["nosuch"], ["gc", "--all"], ["exec-plugins", "check", "c", "/ns"],
      ["exec-plugins", "add", "c"],
      ["run", "--pid", "1", "--container", "c"], ["run", "--pid", "0"], ["run", "--pid", "1", "--name", "x"],
      ["run", "--name", "a/b"], ["run", "--name", ""], ["run", "--name", ".."], ["run", "--name", "a.resolv.conf"],
      ["run", "--name", String(repeating: "n", count: 201)], ["status"], ["list", "x"],
    ])
  func refused(arguments: [String]) { #expect(throws: (any Error).self) { try Tool.parseAsRoot(arguments) } }

  @Test("a failure as JSON is the specification's error object with plugin and verb")
  func failureAsJSON() throws {
    let error = RuntimeError(
      .refused(code: 11, message: "no address", details: "range full"), plugin: "bridge", verb: .add,
      context: "x failed")
    let failure = ToolFailure(error)
    #expect(failure.description == "x failed: no address; range full")
    let object = Field(failure.json)
    #expect(try object["code"].integer(in: 0...999) == 11)
    #expect(try object["msg"].string() == "x failed: no address; range full")
    #expect(try object["plugin"].string() == "bridge" && object["verb"].string() == "ADD")
    #expect(try object["cniVersion"].string() == "1.1.0")
  }
}
