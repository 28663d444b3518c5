// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON
import TestSupport
import Testing

@Suite("bridge's ADD is whole or not at all", .enabled(if: kernelIsThere, "needs privileges"))
struct BridgeRollbackTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  @Test("an exhausted range leaves no interface")
  func exhausted() throws {
    let range = #"{"subnet":"10.22.0.0/24","rangeStart":"10.22.0.2","rangeEnd":"10.22.0.2"}"#
    let members = #""ipam":{"type":"host-local","dataDir":"\#(scene.dataDir)","ranges":[[\#(range)]]},"#
    try scene.succeed("ADD", try BridgeScene.Pod(), members)
    let (pod, before) = (try BridgeScene.Pod(), try scene.veths())
    #expect(try scene.fail("ADD", pod, members).message.contains("10.22.0.2"))
    #expect(try scene.veths() == before)
    #expect(try !pod.namespace.command("ip", "link").contains("eth0"))
  }

  @Test(
    "what fails late leaves no interface and no reservation",
    arguments: [
      // The route's gateway is not reachable; the network has no room for a gateway.
      #""routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}],"subnet":"10.22.0.0/24""#,
      #""routes":[{"dst":"fd00:9::/64","gw":"fd00:31::1"}],"subnet":"10.22.0.0/24""#,
    ])
  func late(ipam: String) throws {
    let pod = try BridgeScene.Pod()
    let members = #""isGateway":true,"ipam":{"type":"host-local","dataDir":"\#(scene.dataDir)",\#(ipam)},"#
    let error = try scene.fail("ADD", pod, members)
    #expect(error.code == 101 && error.message.contains("add the route"))
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("a second ADD of the same interface fails, and what is there stays")
  func twice() throws {
    let pod = try BridgeScene.Pod()
    try scene.succeed("ADD", pod, scene.dualStack)
    let before = try scene.traces(of: pod)
    let error = try scene.fail("ADD", pod, scene.dualStack)
    #expect(error == (103, "CNI_IFNAME: the container has an interface eth0 already"))
    #expect(try scene.traces(of: pod) == before)
    #expect(try scene.pings(from: pod.namespace, to: "10.22.0.1"))
  }

  @Test("an ADD that is killed at any system call leaves nothing that DEL does not remove, without the namespace")
  func killed() throws {
    let calls = ["sendto", "openat", "write", "setns"]
    for call in calls {
      for number in 1...40 {
        let pod = try BridgeScene.Pod()
        let kill = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)"]
        let outcome = try scene.call("ADD", pod, scene.dualStack, BridgeScene.Way(wrapper: kill))
        try scene.succeed("DEL", pod, scene.dualStack, BridgeScene.Way(namespace: .some(nil)))
        #expect(try scene.traces(of: pod) == [], "killed at \(call) \(number)")
        if outcome.status == 0 { break }
      }
    }
  }

  @Test("an ADD in another namespace, which the IPAM plugin refuses, releases nothing", arguments: [true, false])
  func refusedByIPAM(isOurIPAM: Bool) throws {
    let living = try BridgeScene.Pod()
    var again = try BridgeScene.Pod()
    again.id = living.id
    var way = BridgeScene.Way()
    if !isOurIPAM { way.environment["CNI_PATH"] = BridgeScene.upstream }
    let members = #""ipMasq":true,"macspoofchk":true,"# + scene.dualStack
    way.previous = try scene.succeed("ADD", living, members, way)
    let before = try scene.traces(of: living)
    #expect(try scene.fail("ADD", again, members, way).message.contains("duplicate allocation"))
    #expect(try scene.traces(of: living) == before)
    #expect(try scene.reservations().count == 2)
    #expect(try !again.namespace.command("ip", "link").contains("eth0"))
    try scene.succeed("CHECK", living, members, way)
  }

  @Test(
    "an ADD that fails as a request or its reply is lost leaves nothing",
    arguments: ["sendto:error=ENOMEM", "recvfrom:error=ENOBUFS"])
  func lost(fault: String) throws {
    let members = #""ipMasq":true,"macspoofchk":true,"# + scene.dualStack
    for number in 1...40 {
      let pod = try BridgeScene.Pod()
      let call = fault.prefix { $0 != ":" }
      let strace = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(fault):when=\(number)"]
      let outcome = try scene.call("ADD", pod, members, BridgeScene.Way(wrapper: strace))
      if outcome.status == 0 { try scene.succeed("DEL", pod, members) }
      #expect(try scene.traces(of: pod) == [], "\(fault) \(number)")
    }
  }

  @Test("an option that is wrong changes nothing")
  func wrongOption() throws {
    let before = try scene.node.command("ip", "link")
    for members in [#""mtu":7,"#, #""vlan":7,"#, #""bridge":"a/b","#, #""ipam":{"type":"nope"},"#] {
      _ = try scene.fail("ADD", try BridgeScene.Pod(), members)
    }
    #expect(try scene.node.command("ip", "link") == before)
  }

  @Test("an interface of the bridge's name that is no bridge is code 103")
  func noBridge() throws {
    try scene.node.ip("link add cni0 type veth peer name other")
    let error = try scene.fail("ADD", try BridgeScene.Pod(), scene.dualStack)
    #expect(error == (103, "bridge: cni0 exists, but is no bridge"))
  }
}
