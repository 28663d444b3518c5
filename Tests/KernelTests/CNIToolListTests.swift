// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("cnitool list and validate", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolListTests {
  private let node: ToolNode

  init() throws {
    node = try ToolNode()
    try node.addNetwork("net", ToolNode.bridge(0), ToolNode.portmap)
  }

  private func file(_ name: String) -> String { "\(node.folder.path)/networks/\(name)" }

  @Test("each network is listed with its file, its plugins and their versions; a broken file hides no other")
  func list() throws {
    try node.addNetwork("a", version: "0.4.0", file: "10-a.conf", #"{"type": "nosuch"}"#)
    try node.folder.add("{", named: "networks/00-broken.conflist", mode: "644")
    let text = try node.tool("list")
    let plugins = "\(node.folder.path)/plugins"
    let lines = text.outputText.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(
      lines == [
        "NETWORK VERSION FILE", "a 0.4.0 \(file("10-a.conf"))", "nosuch missing", "net 1.1.0 \(file("net.conflist"))",
        "bridge 1.1.0 \(plugins)/bridge", "host-local 1.1.0 \(plugins)/host-local", "portmap 1.1.0 \(plugins)/portmap",
      ])
    #expect(text.status == 0 && text.errorText.hasPrefix("\(file("00-broken.conflist")):"))
    let json = try Field(JSON(parsing: node.tool("list", "--json").output))
    let networks = try #require(try json["networks"].array())
    #expect(try networks.map { try $0["name"].string() } == ["a", "net"])
    #expect(try networks[1]["capabilities"].strings() == ["portMappings"])
    #expect(try networks[1]["plugins"].array()?[1]["field"].string() == "plugins[0].ipam.type")
    #expect(try networks[1]["plugins"].array()?[1]["path"].string() == "\(plugins)/host-local")
    #expect(try json["problems"].array()?.count == 1)
  }

  @Test("without networks the list is empty, and says where it has looked")
  func nothing() throws {
    let outcome = try node.run([ToolNode.tool, "list"], environment: ["NETCONFPATH": "/nowhere"])
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errorText == "no networks in /nowhere\n")
    let attachments = try node.tool("attachments")
    #expect(attachments.outputText == "NETWORK  CONTAINER  INTERFACE  ADDRESSES  AGE  STATE  NAMESPACE\n")
  }

  @Test("a good configuration has nothing to say")
  func good() throws {
    for arguments in [["validate", file("net.conflist")], ["validate", file("net.conflist"), file("net.conflist")]] {
      let outcome = try node.run([ToolNode.tool] + arguments)
      #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
    }
    let text = try node.shell("cat \(file("net.conflist"))")
    for arguments in [["validate"], ["validate", "-"]] {
      let outcome = try node.run([ToolNode.tool] + arguments, input: text)
      #expect(outcome.status == 0 && outcome.output.isEmpty)
    }
  }

  @Test("what is wrong is told with file, line and field, also of a pipe")
  func bad() throws {
    let text = "{\n  \"cniVersion\": \"1.0.0\", \"name\": \"net\",\n  \"plugins\": [\n    {\"type\": 7}\n  ]\n}\n"
    try node.folder.add(text, named: "networks/bad.conflist", mode: "644")
    let named = try node.tool("validate", file("net.conflist"), file("bad.conflist"))
    #expect(named.status == 1 && named.outputText.hasPrefix("\(file("bad.conflist")):4: plugins[0].type: "))
    let piped = try node.tool("validate", "-", input: text)
    #expect(piped.status == 1 && piped.outputText.hasPrefix("stdin:4: plugins[0].type: "))
    let missing = try node.tool("validate", "-", input: text.replacing("7", with: "\"nosuch\""))
    #expect(missing.status == 1 && missing.outputText.contains("plugins[0].type: there is no plugin nosuch"))
    let json = try Field(JSON(parsing: node.tool("validate", "--json", "-", input: text).output))
    #expect(try json.array()?.first?["line"].integer(in: 1...9) == 4)
    #expect(try json.array()?.first?["field"].string() == "plugins[0].type")
    #expect(try node.tool("validate", "/nowhere/x.conf").status == 1)
  }
}
