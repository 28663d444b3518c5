// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import TestSupport
import Testing

@Suite("bridge beside upstream's", .enabled(if: kernelIsThere, "needs privileges")) struct BridgeUpstreamTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  @Test("one adds and the other deletes, and nothing is left", arguments: [true, false])
  func dropIn(upstreamAdds: Bool) throws {
    let (upstream, ours) = (BridgeScene.Way(plugins: BridgeScene.upstream), BridgeScene.Way())
    for members in [scene.dualStack, #""ipMasq":true,"ipMasqBackend":"iptables","# + scene.dualStack] {
      let pod = try BridgeScene.Pod()
      let result = try scene.succeed("ADD", pod, members, upstreamAdds ? upstream : ours)
      var deletion = upstreamAdds ? ours : upstream
      deletion.previous = result
      try scene.succeed("DEL", pod, members, deletion)
      #expect(try scene.traces(of: pod) == [])
      #expect(try !scene.node.command("iptables-save", "-t", "nat").contains("CNI-"))
    }
  }

  @Test("CHECK passes with masquerading that upstream, or ours by another backend, has added, until it is gone")
  func checked() throws {
    let adding = [(BridgeScene.upstream, ""), (scene.ours, ""), (scene.ours, #""ipMasqBackend":"iptables","#)]
    for (plugins, backend) in adding {
      let pod = try BridgeScene.Pod()
      let members = #""ipMasq":true,"# + scene.dualStack
      let result = try scene.succeed("ADD", pod, backend + members, BridgeScene.Way(plugins: plugins))
      let way = BridgeScene.Way(previous: result)
      let backends = ["", #""ipMasqBackend":"iptables","#, #""ipMasqBackend":"nftables","#]
      for other in backends { try scene.succeed("CHECK", pod, other + members, way) }
      try scene.node.command("nft", "flush ruleset")
      for other in backends { #expect(try scene.fail("CHECK", pod, other + members, way).code == 102) }
      try scene.succeed("DEL", pod, members, way)
    }
  }

  /// A result in which the parts that are random are named by their places.
  private func comparable(_ result: String) throws -> JSON {
    var text = result
    for (index, interface) in (try Field(JSON(parsing: Array(result.utf8)))["interfaces"].array() ?? []).enumerated() {
      if let mac = try interface["mac"].string() { text = replacing(mac, in: text, by: "MAC\(index)") }
      if index == 1, let name = try interface["name"].string() { text = replacing(name, in: text, by: "VETH") }
    }
    return try JSON(parsing: Array(text.utf8)).canonicalResult
  }

  private func replacing(_ word: String, in text: String, by other: String) -> String {
    text.split(separator: "\"", omittingEmptySubsequences: false).map { $0 == word ? other[...] : $0 }
      .joined(separator: "\"")
  }

  @Test("the result is the same in every version", arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(version: String) throws {
    for extra in ["", #""isDefaultGateway":true,"dns":{"nameservers":["192.0.2.53"]},"#] {
      let routes = extra.isEmpty ? #","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.0.0/16","gw":"10.22.0.9"}]"# : ""
      var results: [JSON] = []
      for plugins in [scene.ours, BridgeScene.upstream] {
        let pod = try BridgeScene.Pod()
        let members = """
          "isGateway":true,\(extra)"ipam":{"type":"host-local","dataDir":"\(scene.dataDir)",\
          "ranges":[[{"subnet":"10.22.0.0/24","rangeStart":"10.22.0.2","rangeEnd":"10.22.0.2"}]]\(routes)},
          """
        let way = BridgeScene.Way(plugins: plugins, version: version)
        let result = try scene.succeed("ADD", pod, members, way)
        results.append(try comparable(replacing(pod.namespace.path, in: result, by: "SANDBOX")))
        try scene.succeed("DEL", pod, members, way)
      }
      #expect(results[0] == results[1])
    }
  }

  @Test("the configuration of the container is the same, but for IPv6 addresses without a wait")
  func configuration() throws {
    var seen: [String] = []
    for plugins in [scene.ours, BridgeScene.upstream] {
      let pod = try BridgeScene.Pod()
      let members = """
        "isGateway":true,"mtu":1400,"ipam":{"type":"host-local","dataDir":"\(scene.dataDir)","ranges":\
        [[{"subnet":"10.22.0.0/24","rangeStart":"10.22.0.2","rangeEnd":"10.22.0.2"}]],"routes":[{"dst":"0.0.0.0/0"}]},
        """
      try scene.succeed("ADD", pod, members, BridgeScene.Way(plugins: plugins))
      var text = try pod.namespace.command("ip", "-4", "route") + pod.namespace.command("ip", "-4", "-br", "addr")
      for parameter in [
        "net/ipv4/conf/eth0/arp_notify", "net/ipv4/conf/eth0/rp_filter", "net/ipv6/conf/eth0/disable_ipv6",
      ] {
        text += try pod.namespace.sysctl(parameter)
      }
      seen.append(
        text.split(separator: "\n").map { line in
          line.split(separator: " ").map { $0.hasPrefix("eth0@if") ? "eth0" : $0 }.joined(separator: " ")
        }.joined(separator: "\n"))
      try scene.succeed("DEL", pod, members, BridgeScene.Way(plugins: plugins))
    }
    #expect(seen[0] == seen[1])
  }
}
