// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("bridge's CHECK", .enabled(if: kernelIsThere, "needs privileges")) struct BridgeCheckTests {
  private let scene: BridgeScene
  private let pod: BridgeScene.Pod

  init() throws {
    scene = try BridgeScene()
    pod = try BridgeScene.Pod()
  }

  /// Adds the pod, makes a change, and returns CHECK's message; empty if it succeeds.
  private func check(_ members: String = "", after change: () throws -> Void) throws -> String {
    let members = members + scene.dualStack
    let way = BridgeScene.Way(previous: try scene.succeed("ADD", pod, members))
    try scene.succeed("CHECK", pod, members, way)
    try change()
    let outcome = try scene.call("CHECK", pod, members, way)
    return outcome.status == 0 ? "" : try #require(errorObject(outcome)).message
  }

  @Test("what other plugins change is no alarm")
  func otherPlugins() throws {
    let message = try check {
      let veth = try #require(try scene.veths().first)
      try pod.namespace.ip("link set eth0 address 02:00:00:00:00:77 mtu 1400")
      try pod.namespace.ip("route flush default\nroute add default via 10.22.0.1 dev eth0 table 100")
      try scene.node.ip(
        "link set \(veth) type bridge_slave hairpin on isolated on\nlink set cni0 promisc on\naddr add 10.99.0.1/24 dev cni0"
      )
    }
    #expect(message == "")
  }

  @Test(
    "what is missing of what ADD has made is told",
    arguments: [
      ("container", "addr del 10.22.0.2/24 dev eth0", "eth0 lacks the address 10.22.0.2/24"),
      ("container", "link set eth0 down", "eth0 is down"),
      ("container", "link del eth0", "the interface eth0 is missing"),
      ("container", "route flush default", "the route to 0.0.0.0/0 is missing"),
      ("node", "addr del 10.22.0.1/24 dev cni0", "the bridge cni0 lacks the address 10.22.0.1/24"),
      ("node", "link set cni0 down", "the bridge cni0 is down"),
      ("node", "link del cni0", "the bridge cni0 is missing"),
      ("node", "link set VETH nomaster", "VETH is no port of the bridge cni0"),
    ])
  func missing(place: String, change: String, problem: String) throws {
    var veth = ""
    let message = try check {
      veth = try #require(try scene.veths().first)
      let line = change.split(separator: " ").map { $0 == "VETH" ? veth : String($0) }.joined(separator: " ")
      try (place == "node" ? scene.node : pod.namespace).ip(line)
    }
    let expected = problem.hasPrefix("VETH") ? veth + problem.dropFirst(4) : problem
    #expect(message.hasPrefix("eth0: ") && message.contains(expected), "\(message)")
  }

  @Test("forwarding that is off, and a reservation that is gone, are told")
  func forwarding() throws {
    #expect(
      try check { try scene.node.set("net/ipv4/ip_forward", to: "0") }.contains(
        "the host does not forward IPv4 packets"))
    _ = try Program("sh").run(["-c", "rm \(scene.dataDir)/net/*.*.*.*"])
    let members = scene.dualStack
    #expect(try scene.fail("CHECK", pod, members, BridgeScene.Way(previous: "{}")).code != 0)
  }

  @Test("attributes of the port that were asked for are told when they are off", arguments: ["hairpin", "isolated"])
  func port(attribute: String) throws {
    let option = attribute == "hairpin" ? "hairpinMode" : "portIsolation"
    let message = try check(#""\#(option)":true,"#) {
      try scene.node.ip("link set \(try #require(try scene.veths().first)) type bridge_slave \(attribute) off")
    }
    #expect(message.contains(attribute == "hairpin" ? "has no hairpin mode" : "has no isolation"))
  }

  @Test("a promiscuous mode that is off is told")
  func promiscuous() throws {
    let message = try check(#""promiscMode":true,"#) { try scene.node.ip("link set cni0 promisc off") }
    #expect(message.contains("the bridge cni0 is not promiscuous"))
  }
}
