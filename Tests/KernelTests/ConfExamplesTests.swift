// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import OS
import TestSupport
import Testing

@Suite("conf-examples", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct ConfExamplesTests {
  private static let folder =
    #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/conf-examples"

  static let files = [
    "bridge.conflist", "portmap.conflist", "portmap-restricted.conflist", "firewall.conflist", "tuning.conflist",
    "bandwidth.conflist",
    "flannel.conflist", "chain.conflist", "host-local.conflist", "static.conflist",
    "ptp.conflist", "macvlan.conflist", "tap.conflist", "dummy.conflist", "host-device.conflist",
  ]

  /// The examples that this kernel has the interfaces for.
  static let usable = files.filter { $0 != "dummy.conflist" || DummyTests.isInKernel }

  @Test("the list of files is complete")
  func completeness() throws {
    let names = try Program("ls").run([Self.folder]).outputText.split(separator: "\n").map(String.init)
    #expect(names.sorted() == Self.files.sorted())
  }

  @Test(
    "each example works as a runtime runs it: ADD and CHECK of the chain, a published port that answers, DEL",
    arguments: usable)
  func example(file: String) throws {
    let list = try Field(JSON(parsing: FileDescriptor.open("\(Self.folder)/\(file)").readAll()))
    let node = try Node(networks: [])
    let container = Container(namespace: try Namespace(), address: try ip("10.0.0.1"))
    let state = try Program("mktemp").run(["-d"]).outputText.split(separator: "\n").joined()
    defer { _ = try? Program("rm").run(["-r", state]) }
    let chain = try Chain(list, container: container, state: state)

    var result: JSON?
    for plugin in chain.plugins { result = try chain.call("ADD", plugin, after: result, on: node) }
    for plugin in chain.plugins { try chain.call("CHECK", plugin, after: result, on: node) }
    if chain.publishes {
      // The first address of the result is what the container got.
      let address = try #require(try Field(result)["ips"].array()?.first?["address"].string())
      let server = try container.namespace.run { try TCPListener(String(address.prefix { $0 != "/" }), 80) }
      #expect(try converse(node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    }
    let shaped = try node.namespace.command("tc", "qdisc", "show").split(separator: "\n").filter {
      $0.contains(" tbf ")
    }
    // The IFB exists although the other direction is shaped by another qdisc.
    #expect(shaped.isEmpty == !chain.shapes)
    for plugin in chain.plugins.reversed() { try chain.call("DEL", plugin, after: result, on: node) }
    usleep(10_000)
    #expect(try !node.namespace.command("nft", "list", "ruleset").contains(container.id))
    #expect(try node.namespace.command("ip", "link", "show", "type", "ifb").isEmpty)
    #expect(try node.namespace.command("ip", "link", "show", "type", "bridge_slave").isEmpty)
  }

  /// The plugins of a configuration list, called as a runtime calls them.
  private struct Chain {
    let plugins: [Field]
    var publishes: Bool { has("portmap") }
    var shapes: Bool { has("bandwidth") }
    private let list: Field
    private let container: Container
    private let state: String

    /// The runtimeConfig that a runtime passes to plugins with the capability.
    private static let capabilityArguments = """
      {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}], "mac": "02:00:00:00:00:77",
       "bandwidth": {"ingressRate": 80000000, "ingressBurst": 2147483647,
                     "egressRate": 80000000, "egressBurst": 2147483647}}
      """

    private func writeSubnetFile(_ path: String) throws {
      let lines = ["NETWORK=10.244.0.0/16", "SUBNET=10.244.1.1/24", "MTU=1450", "IPMASQ=true"]
      let text = lines.map { "FLANNEL_\($0)\n" }.joined()
      _ = try Program("tee").run([path], input: Array(text.utf8))
    }

    init(_ list: Field, container: Container, state: String) throws {
      self.list = list
      self.container = container
      self.state = state
      plugins = try #require(try list["plugins"].array())
      try systemCall("mkdir") { mkdir("\(state)/plugins", 0o755) }
      for plugin in plugins {
        let types =
          [plugin["type"], plugin["ipam"]["type"]] + (try plugin["type"].string() == "flannel" ? Self.flannels : [])
        for type in try types.compactMap({ try $0.string() }) {
          // Two plugins may have the same one.
          symlink(installedProgram(type).path, "\(state)/plugins/\(type)")
        }
      }
    }

    /// What flannel delegates to.
    private static let flannels = ["bridge", "host-local"].map { Field(.string($0)) }

    private func has(_ type: String) -> Bool { plugins.contains { (try? $0["type"].string()) == type } }

    @discardableResult
    func call(_ verb: String, _ plugin: Field, after result: JSON?, on node: Node) throws -> JSON? {
      let type = try #require(try plugin["type"].string())
      let program = Program("\(state)/plugins/\(type)")
      var config = try #require(try plugin.object())
      config["cniVersion"] = list["cniVersion"].value
      config["name"] = list["name"].value
      config["prevResult"] = result
      if var ipam = try plugin["ipam"].object() {
        ipam["dataDir"] = .string(state)
        config["ipam"] = .object(ipam)
      }
      if ["tuning", "flannel"].contains(type) { config["dataDir"] = .string("\(state)/\(type)") }
      if type == "flannel" {
        try writeSubnetFile("\(state)/subnet.env")
        config["subnetFile"] = .string("\(state)/subnet.env")
        config["ipam"] = .object(JSONObject(["dataDir": .string(state)]))
      }
      let arguments = try Field(JSON(parsing: Array(Self.capabilityArguments.utf8)))
      var runtimeConfig = JSONObject()
      for capability in try plugin["capabilities"].object()?.members ?? [] {
        runtimeConfig[capability.name] = arguments[capability.name].value
      }
      if !runtimeConfig.members.isEmpty { config["runtimeConfig"] = .object(runtimeConfig) }
      let environment = container.environment(verb).merging(["CNI_PATH": "\(state)/plugins"]) { $1 }
      let input = JSON.object(config).text
      let outcome = try node.namespace.run { try program.run(environment: environment, input: input) }
      guard outcome.status == 0 else { throw CommandFailure(words: [type, verb], outcome: outcome) }
      return verb == "ADD" ? try JSON(parsing: outcome.output) : nil
    }
  }
}
