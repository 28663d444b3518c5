// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("macvlan", .enabled(if: kernelIsThere, "needs privileges")) struct MacvlanTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("macvlan") }

  private func members(_ more: String = "") -> String { #""master":"up0","# + more + scene.oneAddress() }

  @Test("the container is a host of the master's network, in IPv4 and IPv6, as soon as ADD has returned")
  func packets() throws {
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, #""master":"up0","# + scene.dualStack)
    #expect(try scene.pings(from: pod.namespace, to: "10.40.0.1"))
    #expect(try scene.pings(from: pod.namespace, to: "fd00:40::1"))
    #expect(try scene.pings(from: scene.lan, to: "10.40.0.5"))
    #expect(try !pod.namespace.command("ip", "-6", "addr").contains("tentative"))
    #expect(try pod.namespace.command("ip", "route").contains("default via 10.40.0.1 dev eth0"))
    try scene.succeed("CHECK", pod, #""master":"up0","# + scene.dualStack, scene.after(result))
    try scene.succeed("DEL", pod, #""master":"up0","# + scene.dualStack)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("without a master it is the interface of the default route, which a note names")
  func defaultRoute() throws {
    let pod = try LinkScene.Pod()
    let outcome = try scene.call("ADD", pod, scene.oneAddress())
    #expect(outcome.status == 0)
    #expect(outcome.errorText == "macvlan: master is not set, so it is up0, by which the default route leads\n")
    #expect(try scene.pings(from: pod.namespace, to: "10.40.0.1"))
    try scene.node.ip("route del default")
    let error = try scene.fail("ADD", try LinkScene.Pod(), scene.oneAddress())
    #expect(
      error == (7, "master: expected the name of an interface, as this host has no default route to take it from"))
  }

  @Test("a name that the host has too is no obstacle, one that the container has is code 103, and nothing is left")
  func names() throws {
    var pod = try LinkScene.Pod()
    pod.ifName = "up0"
    let result = try scene.succeed("ADD", pod, members())
    #expect(result.contains(#""name": "up0""#))
    #expect(try scene.pings(from: pod.namespace, to: "10.40.0.1"))
    let before = try scene.traces(of: pod)
    var other = pod
    other.id = Container.randomID()
    #expect(try scene.fail("ADD", other, members()) == (103, "CNI_IFNAME: the container has an interface up0 already"))
    #expect(try scene.traces(of: pod) == before)
  }

  @Test("mode, MTU and the length of the queue for broadcasts are the configured ones")
  func options() throws {
    for mode in ["bridge", "private", "vepa", "passthru"] {
      let pod = try LinkScene.Pod()
      let members = members(#""mode":"\#(mode)","mtu":1400,"bcqueuelen":77,"#)
      let result = try scene.succeed("ADD", pod, members)
      let link = try #require(try scene.links(pod.namespace).first)
      #expect(link.contains("macvlan mode \(mode) ") && link.contains("mtu 1400") && link.contains("bcqueuelen 77"))
      try scene.succeed("CHECK", pod, members, scene.after(result))
      let other = mode == "vepa" ? "private" : "vepa"
      let changed = try scene.fail("CHECK", pod, self.members(#""mode":"\#(other)","#), scene.after(result))
      #expect(changed == (102, "eth0: eth0 is not in the mode \(other)"))
      try scene.succeed("DEL", pod, members)
    }
  }

  @Test("the MAC address is that of the configuration, of CNI_ARGS, of args or of runtimeConfig, the later first")
  func addresses() throws {
    let sources = [
      (#""mac":"02:11:00:00:00:01","#, ""), ("", "MAC=02:11:00:00:00:02"),
      (#""args":{"cni":{"mac":"02:11:00:00:00:03"}},"#, ""), (#""runtimeConfig":{"mac":"02:11:00:00:00:04"},"#, ""),
    ]
    for count in 1...sources.count {
      let (pod, given) = (try LinkScene.Pod(), sources.prefix(count))
      let arguments = given.map(\.1).joined()
      let result = try scene.succeed(
        "ADD", pod, members(given.map(\.0).joined()), .init(environment: ["CNI_ARGS": arguments]))
      let mac = "02:11:00:00:00:0\(count)"
      #expect(result.contains(mac))
      #expect(try #require(try scene.links(pod.namespace).first).contains("link/ether \(mac)"))
      try scene.succeed("DEL", pod, members())
    }
  }

  @Test("in the mode passthru the MAC address is the master's, and another one that is asked for is noted")
  func passthruAddress() throws {
    let pod = try LinkScene.Pod()
    let outcome = try scene.call(
      "ADD", pod, members(#""mode":"passthru","runtimeConfig":{"mac":"02:11:00:00:00:01"},"#))
    #expect(outcome.status == 0 && outcome.outputText.contains("02:00:00:00:00:01"))
    #expect(outcome.errorText.hasPrefix("macvlan: the MAC address 02:11:00:00:00:01 is not used"))
    try scene.succeed("DEL", pod, members())
  }

  @Test("with linkInContainer master and default route are looked up in the container")
  func masterInContainer() throws {
    let pod = try LinkScene.Pod()
    try scene.node.ip("link set up0 netns \(pod.namespace.path)")
    try pod.namespace.ip("link set up0 up\naddr add 10.40.0.9/24 dev up0\nroute add default via 10.40.0.1")
    for members in [members(#""linkInContainer":true,"#), #""linkInContainer":true,"# + scene.oneAddress()] {
      try scene.succeed("ADD", pod, members)
      #expect(try scene.links(pod.namespace).contains { $0.contains(" eth0@up0") && $0.contains("macvlan") })
      try scene.succeed("DEL", pod, members)
      #expect(try scene.links(pod.namespace).count == 1)
    }
  }

  @Test("hosts that know the address with another MAC address learn the new one at ADD")
  func announcement() throws {
    try scene.lan.ip(
      "neigh add 10.40.0.5 lladdr 02:99:00:00:00:01 dev lan0 nud reachable\nneigh add fd00:40::5 lladdr 02:99:00:00:00:01 dev lan0 nud reachable"
    )
    let pod = try LinkScene.Pod()
    let result = try Field(
      JSON(parsing: Array(scene.succeed("ADD", pod, #""master":"up0","# + scene.dualStack).utf8)))
    let mac = try #require(try result["interfaces"].array()?.first?["mac"].string())
    for address in ["10.40.0.5", "fd00:40::5"] {
      #expect(try scene.lan.command("ip", "neigh", "show", address).contains(mac))
    }
  }

  @Test("without ipam the interface is up and has no address")
  func withoutIPAM() throws {
    for ipam in ["", #""ipam":{},"#] {
      let pod = try LinkScene.Pod()
      let result = try scene.succeed("ADD", pod, #""master":"up0","# + ipam)
      #expect(!result.contains("ips") && result.contains(#""name": "eth0""#))
      #expect(try #require(try scene.links(pod.namespace).first).contains("state UP"))
      try scene.succeed("CHECK", pod, #""master":"up0","# + ipam, scene.after(result))
      try scene.succeed("DEL", pod, #""master":"up0","# + ipam)
      #expect(try scene.traces(of: pod) == [])
    }
  }

  @Test("an IPv6 address that another host of the network has is code 103, and nothing is left")
  func duplicate() throws {
    try scene.lan.ip("addr add fd00:40::5/64 dev lan0 nodad")
    let pod = try LinkScene.Pod()
    let error = try scene.fail("ADD", pod, #""master":"up0","# + scene.dualStack)
    #expect(error == (103, "eth0: another host on the link has the address fd00:40::5"))
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("a MAC address that another container upon the master has is code 11, and nothing is left")
  func macInUse() throws {
    let mac = #""mac":"02:11:00:00:00:01","#
    try scene.succeed("ADD", try LinkScene.Pod(), #""master":"up0","# + mac)
    let pod = try LinkScene.Pod()
    let error = try scene.fail("ADD", pod, members(mac))
    #expect(error == (11, "eth0: another interface upon the same parent has its MAC address"))
    #expect(try scene.traces(of: pod) == [])
  }
}
