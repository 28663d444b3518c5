// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Invoke
import OS
import Skel
import TestSupport
import Testing

@testable import Attaching

@Suite("the IPAM plugin of a configuration") struct IPAMPluginTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func config(_ members: String) throws -> NetworkConfig {
    let text = Array(#"{"cniVersion":"1.0.0","name":"n"\#(members)}"#.utf8)
    return try NetworkConfig(NetworkConfig.document(parsing: text), text: text)
  }

  private var environment: Environment {
    Environment(["CNI_PATH": folder.path, "CNI_COMMAND": "ADD", "CNI_IFNAME": "eth0", "PATH": "/usr/bin:/bin"])
  }

  private func find(_ members: String) throws -> IPAMPlugin? {
    try IPAMPlugin.find(config(members), environment, PluginExecutor())
  }

  /// Assigns addresses in an ADD that does nothing else.
  private func add(_ plugin: IPAMPlugin?) throws(CNIError) -> NetworkResult? {
    try allOrNothing { (rollback) throws(CNIError) in try plugin?.add(undoneBy: &rollback) }
  }

  private func failure(_ members: String, _ body: (IPAMPlugin?) throws -> Void = { _ in }) throws -> CNIError? {
    do {
      try body(try find(members))
      return nil
    } catch let error as CNIError {
      return error
    }
  }

  @Test(
    "no ipam, an empty one and one with an empty type are none",
    arguments: ["", #","ipam":{}"#, #","ipam":{"type":""}"#])
  func none(members: String) throws {
    #expect(try find(members) == nil)
    let error = #expect(throws: CNIError.self) {
      try IPAMPlugin.require(config(members), environment, PluginExecutor())
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix("ipam.type: expected the name of an IPAM plugin") == true)
  }

  @Test("what names no plugin is code 7 with the field, one that is nowhere code 104 with the folders")
  func wrong() throws {
    let cases = [
      #","ipam":7"#: "ipam: expected an object", #","ipam":{"type":7}"#: "ipam.type: expected a string",
      #","ipam":{"type":"../evil"}"#: "ipam.type: expected a plugin's name, which is no path",
    ]
    for (members, message) in cases {
      let error = try failure(members)
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message.hasPrefix(message) == true)
    }
    let missing = try failure(#","ipam":{"type":"nope"}"#)
    #expect(missing?.code == .delegateFailed)
    #expect(missing?.message == "delegate: there is no plugin nope in CNI_PATH (\(folder.path))")
  }

  @Test("the plugin that calls is code 7, as it would call itself without end")
  func itself() throws {
    try folder.addScript("exit 1", named: "bridge")
    let executor = PluginExecutor(callers: ["ptp", "bridge"])
    for type in ["ptp", "bridge"] {
      let error = #expect(throws: CNIError.self) {
        try IPAMPlugin.find(config(#","ipam":{"type":"\#(type)"}"#), environment, executor)
      }
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message.hasPrefix("ipam.type: expected an IPAM plugin, not the plugin that calls it") == true)
    }
  }

  @Test("none is code 7 in a version whose results have nothing but addresses", arguments: ["0.1.0", "0.2.0"])
  func noneInOldVersions(version: String) throws {
    let text = Array(#"{"cniVersion":"\#(version)","name":"n"}"#.utf8)
    let config = try NetworkConfig(NetworkConfig.document(parsing: text), text: text)
    let error = #expect(throws: CNIError.self) { try IPAMPlugin.find(config, environment, PluginExecutor()) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.contains("a result of version \(version) has nothing but addresses") == true)
  }

  @Test("the plugin gets the configuration byte for byte, and the verb in CNI_COMMAND")
  func input() throws {
    try folder.addScript(
      "cat > \(folder.path)/input; echo \"$CNI_COMMAND $CNI_IFNAME\" >> \(folder.path)/calls", named: "p")
    let members = #" ,  "ipam":{"type":"p"}"#
    let plugin = try #require(try find(members))
    try plugin.delete()
    try plugin.check()
    try plugin.collectGarbage()
    try plugin.status()
    #expect(try folder.read("calls") == "DEL eth0\nCHECK eth0\nGC eth0\nSTATUS eth0\n")
    #expect(try folder.read("input") == #"{"cniVersion":"1.0.0","name":"n"\#(members)}"#)
  }

  @Test("ADD returns the plugin's result, and throws its error with its code")
  func add() throws {
    try folder.addScript(#"echo '{"cniVersion":"1.0.0","ips":[{"address":"10.22.0.5/16"}]}'"#, named: "good")
    #expect(try add(find(#","ipam":{"type":"good"}"#))?.ips.map { "\($0.address)" } == ["10.22.0.5/16"])
    try folder.addScript(#"echo '{"code":11,"msg":"no address is free"}'; exit 1"#, named: "full")
    let full = try failure(#","ipam":{"type":"full"}"#) { _ = try add($0) }
    #expect(full == CNIError(.tryAgainLater, "no address is free"))
  }

  @Test("a result without an address is an error, after a DEL")
  func noAddress() throws {
    try folder.addScript("echo $CNI_COMMAND >> \(folder.path)/calls; echo '{\"cniVersion\":\"1.0.0\"}'", named: "none")
    let error = try failure(#","ipam":{"type":"none"}"#) { _ = try add($0) }
    #expect(error == CNIError(.delegateFailed, "ipam: none assigned no address"))
    #expect(try folder.read("calls") == "ADD\nDEL\n")
  }

  @Test("a plugin that answers with an error is not asked to release what another ADD may have")
  func refusal() throws {
    // The code is that of a plugin that has not answered.
    try folder.addScript(
      "echo $CNI_COMMAND >> \(folder.path)/calls; echo '{\"code\":104,\"msg\":\"taken\"}'; exit 1", named: "taken")
    let error = try failure(#","ipam":{"type":"taken"}"#) { _ = try add($0) }
    #expect(error == CNIError(.delegateFailed, "taken"))
    #expect(try folder.read("calls") == "ADD\n")
  }

  @Test(
    "whatever a plugin has assigned that is ended, answers nothing or nonsense is released",
    arguments: ["kill -9 $$", "exit 3", "echo nonsense", "echo nonsense; exit 1", #"echo '{"ips":7}'"#])
  func unclear(lines: String) throws {
    try folder.addScript(
      "echo $CNI_COMMAND >> \(folder.path)/calls\n[ $CNI_COMMAND = DEL ] && exit\n\(lines)", named: "p")
    #expect(try failure(#","ipam":{"type":"p"}"#) { _ = try add($0) }?.code == .delegateFailed)
    #expect(try folder.read("calls") == "ADD\nDEL\n")
  }

  @Test("what was assigned is released if a later step fails")
  func laterFailure() throws {
    try folder.addScript(
      "echo $CNI_COMMAND >> \(folder.path)/calls; echo '{\"ips\":[{\"address\":\"10.22.0.5/16\"}]}'", named: "good")
    let plugin = try #require(try find(#","ipam":{"type":"good"}"#))
    #expect(throws: CNIError(.kernelRefused, "later")) {
      try allOrNothing { (rollback) throws(CNIError) in
        _ = try plugin.add(undoneBy: &rollback)
        throw CNIError(.kernelRefused, "later")
      }
    }
    #expect(try folder.read("calls") == "ADD\nDEL\n")
  }
}
