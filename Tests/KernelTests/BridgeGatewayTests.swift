// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("bridge's gateway addresses", .enabled(if: kernelIsThere, "needs privileges"))
struct BridgeGatewayTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  private func members(_ subnet: String, force: Bool = false) -> String {
    """
    "isGateway":true,"forceAddress":\(force),"ipam":{"type":"host-local","dataDir":"\(scene.dataDir)","subnet":"\(subnet)"},
    """
  }

  /// Gives the bridge an address as an administrator would.
  private func administer(_ address: String) throws {
    try scene.node.ip("link add cni0 type bridge\nlink set cni0 up\naddr add \(address) dev cni0")
  }

  private func bridgeAddresses() throws -> [String] {
    let text = try scene.node.command("ip", "-j", "addr", "show", "cni0")
    let entries = try Field(JSON(parsing: Array(text.utf8))).array()?.first?["addr_info"].array() ?? []
    return try entries.filter { try $0["scope"].string() == "global" }.map {
      "\(try $0["local"].string() ?? "")/\(try $0["prefixlen"].integer(in: 0...128) ?? 0)"
    }
  }

  @Test("an address of another network stays beside the gateway's")
  func disjoint() throws {
    try scene.succeed("ADD", try BridgeScene.Pod(), members("10.22.0.0/24"))
    try scene.succeed("ADD", try BridgeScene.Pod(), members("10.23.0.0/24"), BridgeScene.Way(network: "other"))
    #expect(try bridgeAddresses() == ["10.22.0.1/24", "10.23.0.1/24"])
  }

  @Test("an address of an overlapping network is in the way, and replaced with forceAddress")
  func overlapping() throws {
    try scene.succeed("ADD", try BridgeScene.Pod(), members("10.22.0.0/24"))
    let pod = try BridgeScene.Pod()
    let error = try scene.fail("ADD", pod, members("10.22.0.0/16"), BridgeScene.Way(network: "other"))
    #expect(error.code == 103)
    #expect(error.message.contains("has the address 10.22.0.1/24") && error.message.contains("10.22.0.1/16"))
    #expect(try bridgeAddresses() == ["10.22.0.1/24"])
    #expect(try scene.reservations("other").isEmpty)
    try scene.succeed("ADD", pod, members("10.22.0.0/16", force: true), BridgeScene.Way(network: "other"))
    #expect(try bridgeAddresses() == ["10.22.0.1/16"])
  }

  @Test("an administrator's address of a bridge without ports stays")
  func empty() throws {
    try administer("10.22.0.254/24")
    let pod = try BridgeScene.Pod()
    let error = try scene.fail("ADD", pod, members("10.22.0.0/24"))
    #expect(
      error == (
        103,
        "bridge: cni0 has the address 10.22.0.254/24, but its containers need 10.22.0.1/24; forceAddress would replace it"
      ))
    #expect(try bridgeAddresses() == ["10.22.0.254/24"])
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("a failed ADD gives back the address that it has replaced")
  func givenBack() throws {
    try administer("10.22.0.254/24")
    // Masquerading is refused: the chain of its name has another type.
    let pod = try BridgeScene.Pod()
    let route = members("10.22.0.0/24", force: true).replacing(
      "\"subnet\"", with: #""routes":[{"dst":"0.0.0.0/0"}],"subnet""#)
    try scene.node.command("nft", "add table ip nat { chain POSTROUTING { type filter hook output priority 0; }; }")
    let error = try scene.fail("ADD", pod, #""ipMasq":true,"ipMasqBackend":"iptables","# + route)
    #expect(error.message.contains("nat"), "\(error)")
    #expect(try bridgeAddresses() == ["10.22.0.254/24"])
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("sixteen first containers at once are all connected, and none has another's address")
  func concurrent() throws {
    let pods = try (0..<16).map { _ in try BridgeScene.Pod() }
    let running = try pods.map { try scene.start("ADD", $0, scene.dualStack) }
    let outcomes = try running.map { try $0.wait() }
    for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.outputText)") }
    let all = try outcomes.flatMap { try addresses($0.outputText) }
    #expect(all.count == 32 && Set(all).count == 32)
    for pod in pods { #expect(try scene.pings(from: pod.namespace, to: "10.22.0.1")) }
    let deletions = try pods.map { try scene.start("DEL", $0, scene.dualStack) }
    for deletion in deletions { #expect(try deletion.wait().status == 0) }
    #expect(try scene.veths().isEmpty && scene.reservations().isEmpty)
  }
}
