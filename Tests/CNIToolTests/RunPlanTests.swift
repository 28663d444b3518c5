// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import OS
import Testing

@testable import CNITool

@Suite("what run asks networks for") struct RunPlanTests {
  private static let plain = #"{"name": "plain", "cniVersion": "1.0.0", "plugins": [{"type": "bridge"}]}"#
  private static let rich = """
    {"name": "rich", "cniVersion": "1.0.0", "plugins": [
      {"type": "bridge", "capabilities": {"mac": true, "ips": true, "dns": true}},
      {"type": "portmap", "capabilities": {"portMappings": true, "bandwidth": true}}]}
    """

  private func plan(
    _ networks: [String], _ arguments: [String], environment: [String: String] = [:]
  ) throws -> [PlannedAttachment] {
    let lists = try networks.map { try NetworkList(parsing: Array($0.utf8)) }
    return try RunPlan(
      lists, interfaces: lists.indices.map { "eth\($0)" }, containerID: "c", namespace: "/n",
      options: ContainerOptions.parse(arguments), settings: Settings(Environment(environment), ownFolder: nil)
    ).attachments
  }

  @Test("networks get their interfaces in order, and what the environment says")
  func order() throws {
    let plan = try plan([Self.plain, Self.rich], [], environment: ["CNI_ARGS": "A=b", "CAP_ARGS": #"{"x": 1}"#])
    #expect(plan.map(\.network.name) == ["plain", "rich"])
    #expect(plan.map(\.attachment.interface) == ["eth0", "eth1"])
    for item in plan {
      #expect(item.attachment.arguments == [.init("A", "b")])
      #expect(item.attachment.capabilityArguments.json == #"{"x":1}"#)
      #expect(item.attachment.containerID == "c" && item.attachment.namespace == "/n")
    }
  }

  @Test("ports go to the first network that publishes, and limits to each that has them")
  func ports() throws {
    let plan = try plan(
      [Self.plain, Self.rich, Self.rich], ["-p", "8080:80", "-p", "[::1]:53:53/udp", "--bandwidth", "1M"])
    let expected = #"""
      [{"containerPort":80,"hostPort":8080,"protocol":"tcp"},{"containerPort":53,"hostIP":"::1","hostPort":53,"protocol":"udp"}]
      """#
    #expect(plan[0].attachment.capabilityArguments.isEmpty)
    #expect(plan[1].attachment.capabilityArguments.json(of: "portMappings") == expected)
    #expect(plan[2].attachment.capabilityArguments.capabilities == ["bandwidth"])
    #expect(plan[1].attachment.capabilityArguments.capabilities == ["bandwidth", "portMappings"])
  }

  @Test(
    "an option that no network can do is an error that names the capability",
    arguments: [(["-p", "1:1"], "portMappings"), (["--bandwidth", "1M"], "bandwidth")])
  func impossible(arguments: [String], capability: String) throws {
    let failure = #expect(throws: ToolFailure.self) { try plan([Self.plain], arguments) }
    #expect(failure?.description.contains("network plain has the capability \(capability)") == true)
    #expect(failure?.code == 7)
  }

  @Test("an IPAM plugin that takes one address by CNI_ARGS gets no second one")
  func oneAddress() throws {
    #expect(try plan([Self.plain], ["--ip", "10.0.0.9"])[0].attachment.arguments.contains(.init("IP", "10.0.0.9")))
    let failure = #expect(throws: ToolFailure.self) { try plan([Self.plain], ["--ip", "10.0.0.9", "--ip", "fd00::9"]) }
    #expect(failure?.description.hasPrefix("--ip: network plain takes one address") == true)
  }

  @Test("addresses are capability arguments where that is declared, and pairs of CNI_ARGS elsewhere")
  func addresses() throws {
    let arguments = ["--ip", "10.0.0.9/24", "--ip", "fd00::9", "--mac", "02:00:00:00:00:09"]
    let rich = try plan([Self.rich], arguments)[0]
    #expect(rich.attachment.capabilityArguments.json == #"{"ips":["10.0.0.9/24","fd00::9"],"mac":"02:00:00:00:00:09"}"#)
    #expect(rich.attachment.arguments.isEmpty)
    let fixed = #"{"name": "fixed", "plugins": [{"type": "bridge", "ipam": {"type": "static"}}]}"#
    let plain = try plan([fixed], arguments, environment: ["CNI_ARGS": "IP=10.0.0.1;X=y"])[0]
    #expect(plain.attachment.capabilityArguments.isEmpty)
    #expect(
      plain.attachment.arguments == [
        .init("X", "y"), .init("IP", "10.0.0.9/24,fd00::9"), .init("IgnoreUnknown", "1"),
        .init("MAC", "02:00:00:00:00:09"),
      ])
    for item in [rich, plain] {
      #expect(item.requestedAddresses.map { "\($0)" } == ["10.0.0.9", "fd00::9"])
      #expect(item.requestedMAC.map { "\($0)" } == "02:00:00:00:00:09")
    }
  }

  @Test("name servers go to the command, and to plugins that declare dns")
  func nameServers() throws {
    let arguments = ["--dns", "10.0.0.1", "--dns", "::1", "--dns-search", "a.example", "--dns-search", "b.example"]
    #expect(
      try plan([Self.rich], arguments)[0].attachment.capabilityArguments.json
        == #"{"dns":{"searches":["a.example","b.example"],"servers":["10.0.0.1","::1"]}}"#)
    #expect(try plan([Self.plain], arguments)[0].attachment.capabilityArguments.isEmpty)
    let file = try ContainerOptions.parse(arguments).resolverFile
    #expect(file == "nameserver 10.0.0.1\nnameserver ::1\nsearch a.example b.example\n")
    #expect(try ContainerOptions.parse([]).resolverFile == nil)
  }

  @Test(
    "an option with another value than it takes is refused",
    arguments: [
      ["--ip", "x"], ["--ip", ""], ["--mac", "01:00:00:00:00:01"], ["--mac", "x"], ["--dns", "name"],
      ["--dns-search", "a.example"], ["--dns", "::1", "--dns-search", "a b"], ["--sysctl", "kernel.hostname=x"],
      ["--sysctl", "net.core.somaxconn"], ["--sysctl", "net/../x=1"], ["--bandwidth", "fast"], ["-p", "80"],
    ])
  func badOptions(arguments: [String]) { #expect(throws: (any Error).self) { try ContainerOptions.parse(arguments) } }
}
