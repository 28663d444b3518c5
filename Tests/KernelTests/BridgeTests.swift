// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON
import TestSupport
import Testing

@Suite("bridge connects containers", .enabled(if: kernelIsThere, "needs privileges"))
struct BridgeTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  @Test("two containers reach each other and the node, by IPv4 and IPv6, as soon as ADD has returned")
  func connected() throws {
    let (first, second) = (try BridgeScene.Pod(), try BridgeScene.Pod())
    let own = try addresses(try scene.succeed("ADD", first, scene.dualStack))
    let other = try addresses(try scene.succeed("ADD", second, scene.dualStack))
    #expect(own == ["10.22.0.2", "fd00:22::2"] && other == ["10.22.0.3", "fd00:22::3"])
    for address in other + ["10.22.0.1", "fd00:22::1"] {
      #expect(try scene.pings(from: first.namespace, to: address), "\(address)")
    }
    for address in own { #expect(try scene.pings(from: scene.node, to: address), "\(address)") }
    #expect(try !first.namespace.command("ip", "addr", "show", "eth0").contains("tentative"))
  }

  @Test("the result names the bridge, the host's end and the container's end as the kernel has them")
  func result() throws {
    let pod = try BridgeScene.Pod()
    let mac = "c2:11:22:33:44:66"
    let result = try Field(
      JSON(
        parsing: Array(
          try scene.succeed("ADD", pod, #""runtimeConfig":{"mac":"\#(mac)"},"# + scene.dualStack).utf8)))
    let interfaces = try #require(try result["interfaces"].array())
    try #require(interfaces.count == 3)
    let names = try interfaces.map { try $0["name"].string() ?? "" }
    #expect(names[0] == "cni0" && names[2] == "eth0")
    for (index, namespace) in [scene.node, scene.node, pod.namespace].enumerated() {
      let found = try namespace.command("ip", "-o", "link", "show", names[index])
      #expect(found.contains(try interfaces[index]["mac"].string() ?? "-"))
    }
    #expect(try interfaces[2]["mac"].string() == mac)
    #expect(try interfaces.map { try $0["sandbox"].string() } == [nil, nil, pod.namespace.path])
    #expect(try scene.node.command("ip", "-o", "link", "show", names[1]).contains("master cni0"))
    #expect(try result["ips"].array()?.map { try $0["interface"].integer(in: 0...9) } == [2, 2])
  }

  @Test("the bridge keeps its MAC address while containers come and go, also without isGateway")
  func macOfBridge() throws {
    let members = #""ipam":{"type":"host-local","dataDir":"\#(scene.dataDir)","subnet":"10.22.0.0/24"},"#
    func mac() throws -> String {
      let text = try scene.node.command("ip", "-j", "link", "show", "cni0")
      return try Field(JSON(parsing: Array(text.utf8))).array()?.first?["address"].string() ?? ""
    }
    var seen: Set<String> = []
    for _ in 0..<4 {
      let pod = try BridgeScene.Pod()
      try scene.succeed("ADD", pod, members)
      seen.insert(try mac())
      try scene.succeed("DEL", pod, members)
      seen.insert(try mac())
    }
    #expect(seen.count == 1 && !seen.contains("00:00:00:00:00:00"))
  }

  @Test("the result has the MAC address that a bridge of another program has got by its new port")
  func macOfForeignBridge() throws {
    // With the highest MAC address that another port can have, so that the new port's is lower.
    try scene.node.ip(
      "link add cni0 type bridge\nlink add p0 address fe:ff:ff:ff:ff:ff type veth peer name p1\nlink set p0 master cni0"
    )
    let result = try scene.succeed(
      "ADD", try BridgeScene.Pod(), scene.dualStack.replacing("\"isGateway\":true,", with: ""))
    let mac = try Field(JSON(parsing: Array(result.utf8)))["interfaces"].array()?.first?["mac"].string()
    let link = try scene.node.command("ip", "link", "show", "cni0")
    #expect(link.contains("link/ether \(try #require(mac)) ") && mac != "fe:ff:ff:ff:ff:ff")
  }

  @Test("an address that another container gets is answered for at once, for a neighbour and for the node")
  func reused() throws {
    let neighbour = try BridgeScene.Pod()
    let range = #"[{"subnet":"10.22.0.0/24","rangeStart":"10.22.0.2","rangeEnd":"10.22.0.3"}]"#
    let range6 = #"[{"subnet":"fd00:22::/64","rangeStart":"fd00:22::2","rangeEnd":"fd00:22::3"}]"#
    let members = """
      "isGateway":true,"ipam":{"type":"host-local","dataDir":"\(scene.dataDir)","ranges":[\(range),\(range6)]},
      """
    try scene.succeed("ADD", neighbour, members)
    for _ in 0..<3 {
      let pod = try BridgeScene.Pod()
      let own = try addresses(try scene.succeed("ADD", pod, members))
      #expect(own == ["10.22.0.3", "fd00:22::3"])
      // The first packet finds its way: the entries that neighbours have are the new container's.
      for namespace in [neighbour.namespace, scene.node] {
        for address in own { #expect(try scene.pings(from: namespace, to: address), "\(address)") }
      }
      try scene.succeed("DEL", pod, members)
    }
  }

  @Test("port attributes are as configured", arguments: ["hairpinMode", "portIsolation"])
  func portAttributes(option: String) throws {
    let pod = try BridgeScene.Pod()
    try scene.succeed("ADD", pod, #""\#(option)":true,"# + scene.dualStack)
    let text = try scene.node.command("ip", "-d", "link", "show", "master", "cni0")
    #expect(text.contains("hairpin \(option == "hairpinMode" ? "on" : "off")"))
    #expect(text.contains("isolated \(option == "portIsolation" ? "on" : "off")"))
  }

  @Test("mtu is that of both ends and of a new bridge, and promiscMode that of the bridge")
  func mtuAndPromiscuous() throws {
    let pod = try BridgeScene.Pod()
    let result = try scene.succeed("ADD", pod, #""mtu":1400,"promiscMode":true,"# + scene.dualStack)
    let veth = try #require(try scene.veths().first)
    #expect(result.contains(veth))
    for (namespace, name) in [(scene.node, "cni0"), (scene.node, veth), (pod.namespace, "eth0")] {
      #expect(try namespace.command("ip", "link", "show", name).contains("mtu 1400"))
    }
    #expect(try scene.node.command("ip", "-d", "link", "show", "cni0").contains("promiscuity 1"))
  }

  @Test("the host takes no router advertisements from containers, and forwards")
  func parameters() throws {
    try scene.node.set("net/ipv4/ip_forward", to: "0")
    try scene.succeed("ADD", try BridgeScene.Pod(), scene.dualStack)
    for name in ["cni0"] + (try scene.veths()) {
      #expect(try scene.node.sysctl("net/ipv6/conf/\(name)/accept_ra") == "0")
    }
    #expect(try scene.node.sysctl("net/ipv4/ip_forward") == "1")
    #expect(try scene.node.sysctl("net/ipv6/conf/all/forwarding") == "1")
  }

  @Test("with disableContainerInterface the interface stays down, without addresses")
  func interfaceDown() throws {
    let pod = try BridgeScene.Pod()
    let members = #""disableContainerInterface":true,"#
    try scene.succeed("ADD", pod, members)
    #expect(try pod.namespace.command("ip", "-o", "link", "show", "eth0").contains("state DOWN"))
  }

  @Test("without IPAM the container has a link and no addresses")
  func noIPAM() throws {
    let pod = try BridgeScene.Pod()
    let result = try scene.succeed("ADD", pod, "")
    #expect(!result.contains("\"ips\""))
    #expect(try pod.namespace.command("ip", "-o", "link", "show", "eth0").contains("state UP"))
    try scene.succeed("CHECK", pod, "", BridgeScene.Way(previous: result))
    try scene.succeed("DEL", pod, "")
    #expect(try scene.veths().isEmpty)
  }

  @Test(
    "attributes of the IPAM plugin's routes are installed in every version", arguments: ["0.4.0", "1.0.0", "1.1.0"])
  func routeAttributes(version: String) throws {
    let pod = try BridgeScene.Pod()
    let routes = #"[{"dst":"0.0.0.0/0","priority":50,"mtu":1300},{"dst":"10.9.0.0/16","table":77}]"#
    let members = """
      "isGateway":true,"ipam":{"type":"host-local","dataDir":"\(scene.dataDir)","subnet":"10.22.0.0/24","routes":\(routes)},
      """
    let way = BridgeScene.Way(version: version, previous: nil)
    let result = try scene.succeed("ADD", pod, members, way)
    #expect(try pod.namespace.command("ip", "route").contains("default via 10.22.0.1 dev eth0 metric 50 mtu 1300"))
    #expect(try pod.namespace.command("ip", "route", "show", "table", "77").contains("10.9.0.0/16 via 10.22.0.1"))
    try scene.succeed("CHECK", pod, members, BridgeScene.Way(version: version, previous: result))
  }

  @Test("DNS of the configuration goes before the IPAM plugin's")
  func dns() throws {
    let members = #""dns":{"nameservers":["192.0.2.53"],"search":["example.org"]},"# + scene.dualStack
    let result = try scene.succeed("ADD", try BridgeScene.Pod(), members)
    #expect(try Field(JSON(parsing: Array(result.utf8)))["dns"]["nameservers"].strings() == ["192.0.2.53"])
  }
}
