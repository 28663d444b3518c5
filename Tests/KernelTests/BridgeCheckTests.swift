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
      ("node", "link set VETH down", "VETH is down"),
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

  @Test("what another plugin has added to the result, an interface with an address and a route, is no alarm")
  func otherInterface() throws {
    let result = try scene.succeed("ADD", pod, scene.dualStack)
    try pod.namespace.ip(
      """
      link add net1 type veth peer name v2
      link set v2 up
      link set net1 up
      addr add 10.9.0.2/24 dev net1
      route add 10.77.0.0/16 via 10.9.0.1
      """)
    // As a plugin would append it.
    let more =
      result.filter { !$0.isWhitespace }
      .replacing("\"ips\":[", with: #""ips":[{"address":"10.9.0.2/24","gateway":"10.9.0.1","interface":3},"#)
      .replacing("\"routes\":[", with: #""routes":[{"dst":"10.77.0.0/16","gw":"10.9.0.1"},"#)
      .replacing("}],\"ips", with: #"},{"name":"net1","sandbox":"\#(pod.namespace.path)"}],"ips"#)
    #expect(more.contains("net1"))
    try scene.succeed("CHECK", pod, scene.dualStack, BridgeScene.Way(previous: more))
    try scene.node.ip("addr del 10.22.0.1/24 dev cni0")
    let message = try scene.fail("CHECK", pod, scene.dualStack, BridgeScene.Way(previous: more)).message
    #expect(message == "eth0: the bridge cni0 lacks the address 10.22.0.1/24")
  }

  @Test("a port that is down is no alarm where the container's interface is to stay down")
  func leftDown() throws {
    let members = #""disableContainerInterface":true,"#
    let way = BridgeScene.Way(previous: try scene.succeed("ADD", pod, members))
    try scene.node.ip("link set \(try #require(try scene.veths().first)) down")
    try scene.succeed("CHECK", pod, members, way)
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
