// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("ptp", .enabled(if: kernelIsThere, "needs privileges")) struct PTPTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("ptp") }

  /// Addresses of subnets that only containers have.
  private var dualStack: String {
    """
    "ipam":{"type":"host-local","dataDir":"\(scene.dataDir)","ranges":[[{"subnet":"10.30.0.0/24"}],[{"subnet":"fd00:30::/64"}]],    "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]},
    """
  }

  @Test("containers reach the host, each other and hosts beyond, as soon as ADD has returned, in IPv4 and IPv6")
  func packets() throws {
    let pods = [try LinkScene.Pod(), try LinkScene.Pod()]
    try scene.lan.ip("route add 10.30.0.0/24 via 10.40.0.2\nroute add fd00:30::/64 via fd00:40::2")
    for (index, pod) in pods.enumerated() {
      try scene.succeed("ADD", pod, dualStack)
      for prefix in ["10.30.0.", "fd00:30::"] {
        #expect(try scene.pings(from: scene.lan, to: "\(prefix)\(index + 2)"), "from beyond to container \(index)")
      }
      for address in ["10.30.0.1", "fd00:30::1", "10.40.0.1", "fd00:40::1"] {
        #expect(try scene.pings(from: pod.namespace, to: address), "container \(index) to \(address)")
      }
      for prefix in ["10.30.0.", "fd00:30::"] {
        #expect(try scene.pings(from: scene.node, to: "\(prefix)\(index + 2)"))
      }
    }
    for address in ["10.30.0.3", "fd00:30::3"] { #expect(try scene.pings(from: pods[0].namespace, to: address)) }
    #expect(try scene.node.sysctl("net/ipv4/ip_forward") == "1")
    #expect(try scene.node.sysctl("net/ipv6/conf/all/forwarding") == "1")
  }

  @Test(
    "the routes in the container and on the host are upstream's, IPv6 too", arguments: ["10.30.0.0/24", "fd00:30::/64"])
  func routes(subnet: String) throws {
    var seen: [[String]] = []
    let family = subnet.hasPrefix("fd") ? "-6" : "-4"
    let ipam = #""ipam":{"type":"host-local","dataDir":"\#(scene.dataDir)","ranges":[[{"subnet":"\#(subnet)"}]],"#
    let everything = subnet.hasPrefix("fd") ? "::/0" : "0.0.0.0/0"
    let members = ipam + #""routes":[{"dst":"\#(everything)"}]},"#
    for plugins in [scene.ours, BridgeScene.upstream] {
      let pod = try LinkScene.Pod()
      let result = try Field(
        JSON(parsing: Array(scene.succeed("ADD", pod, members, .init(plugins: plugins)).utf8)))
      let veth = try #require(try result["interfaces"].array()?.first?["name"].string())
      let lines =
        try pod.namespace.command("ip", family, "route").split(separator: "\n")
        + scene.node.command("ip", family, "route", "show", "dev", veth).split(separator: "\n")
        + scene.node.command("ip", family, "-o", "addr", "show", "dev", veth, "scope", "global").split(separator: "\n")
      let ignored = [veth, "\(veth)\\", "tentative", "nodad", "\\"]
      seen.append(
        lines.map { line in
          // An interface's index and name come first in the line of an address.
          let words = line.split(separator: " ").map(String.init).filter { !ignored.contains($0) }
          let named = words.map { $0 == "10.30.0.3" ? "10.30.0.2" : $0 == "fd00:30::3" ? "fd00:30::2" : $0 }
          return named.drop { $0.hasSuffix(":") }.joined(separator: " ")
        }.filter { !$0.hasPrefix("fe80") })
      try scene.succeed("DEL", pod, members)
    }
    #expect(Set(seen[0]) == Set(seen[1]))
  }

  @Test("an address without a gateway is code 7, and is released before anything is made")
  func noGateway() throws {
    let (pod, before) = (try LinkScene.Pod(), try scene.links(scene.node))
    let error = try scene.fail("ADD", pod, #""ipam":{"type":"static","addresses":[{"address":"10.30.0.5/24"}]},"#)
    #expect(error.code == 7)
    #expect(
      error.message
        == "ipam: ptp needs a gateway for each address, and ips[0] of the IPAM plugin's result, 10.30.0.5/24, has no gateway"
    )
    #expect(try scene.links(scene.node) == before && scene.links(pod.namespace) == [])
    #expect(try scene.node.sysctl("net/ipv4/ip_forward") == "0")
  }

  @Test("a subnet of one address, a gateway out of the subnet, and two addresses with one gateway work")
  func unusualAddresses() throws {
    let addresses = [
      #"{"address":"10.30.0.5/32","gateway":"169.254.1.1"},{"address":"10.30.1.5/24","gateway":"169.254.1.1"},{"address":"fd00:31::5/64","gateway":"fe80::1"}"#,
      #"{"address":"10.30.0.5/31","gateway":"10.30.0.4"},{"address":"fd00:30::5/128","gateway":"fe80::1"}"#,
    ]
    for list in addresses {
      let pod = try LinkScene.Pod()
      let members =
        #""ipam":{"type":"static","addresses":[\#(list)],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0","gw":"fe80::1"}]},"#
      let result = try scene.succeed("ADD", pod, members)
      #expect(try scene.pings(from: scene.node, to: "10.30.0.5"))
      #expect(try scene.pings(from: pod.namespace, to: "10.40.0.2"))
      #expect(try scene.pings(from: scene.node, to: list.contains("fd00:30::5") ? "fd00:30::5" : "fd00:31::5"))
      try scene.succeed("CHECK", pod, members, scene.after(result))
      try scene.succeed("DEL", pod, members)
      #expect(try scene.traces(of: pod) == [])
    }
  }

  @Test("the MTU is that of both ends, and auto that of the default route")
  func mtu() throws {
    try scene.node.ip("link set up0 mtu 1420")
    for (option, mtu) in [("1300", "1300"), ("\"auto\"", "1420"), ("0", "1500")] {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, #""mtu":\#(option),"# + dualStack)
      let ends = try scene.links(pod.namespace) + scene.links(scene.node).filter { !$0.contains("up0") }
      #expect(ends.count == 2 && ends.allSatisfy { $0.contains("mtu \(mtu) ") })
      try scene.succeed("DEL", pod, dualStack)
    }
  }

  @Test("the container takes no part in duplicate address detection, and the host none in its router advertisements")
  func parameters() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, dualStack)
    #expect(try pod.namespace.sysctl("net/ipv6/conf/eth0/accept_dad") == "0")
    #expect(try !pod.namespace.command("ip", "-6", "addr", "show", "scope", "global").contains("tentative"))
    let veth = try #require(try scene.links(scene.node).first { !$0.contains("up0") })
    let name = String(try #require(veth.split(separator: " ")[1].split(separator: "@").first))
    #expect(try scene.node.sysctl("net/ipv6/conf/\(name)/accept_ra") == "0")
  }

  @Test("CHECK finds what is missing in the container and on the host")
  func check() throws {
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, dualStack)
    try scene.succeed("CHECK", pod, dualStack, scene.after(result))
    let parsed = try Field(JSON(parsing: Array(result.utf8)))
    let veth = try #require(try parsed["interfaces"].array()?.first?["name"].string())
    func problem() throws -> String {
      let error = try scene.fail("CHECK", pod, dualStack, scene.after(result))
      #expect(error.code == 102)
      return error.message
    }
    try scene.node.ip("route del 10.30.0.2 dev \(veth)")
    #expect(try problem() == "eth0: the host's route to 10.30.0.2 by \(veth) is missing")
    try scene.node.ip("route add 10.30.0.2 dev \(veth)\naddr del 10.30.0.1/32 dev \(veth)")
    // The kernel removes the routes of an interface together with its last address.
    let lost = "\(veth) lacks the address 10.30.0.1; the host's route to 10.30.0.2 by \(veth) is missing"
    #expect(try problem() == "eth0: \(lost)")
    try scene.node.ip("addr add 10.30.0.1/32 dev \(veth)\nroute add 10.30.0.2 dev \(veth)")
    try scene.succeed("CHECK", pod, dualStack, scene.after(result))
    try scene.node.set("net/ipv4/ip_forward", to: "0")
    #expect(try problem() == "eth0: the host does not forward IPv4 packets")
    try scene.node.ip("link del \(veth)")
    #expect(try problem().hasPrefix("eth0: the interface eth0 is missing; CNI_IFNAME: look at interface eth0"))
  }
}
