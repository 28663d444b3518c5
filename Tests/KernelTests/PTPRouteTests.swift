// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("ptp's routes on the host", .enabled(if: kernelIsThere, "needs privileges")) struct PTPRouteTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("ptp") }

  /// A configuration that assigns an address, and the address.
  static let cases = [
    (#""ipam":{"type":"static","addresses":[{"address":"10.30.0.5/24","gateway":"10.30.0.1"}]},"#, "10.30.0.5"),
    (#""ipam":{"type":"static","addresses":[{"address":"fd00:30::5/64","gateway":"fd00:30::1"}]},"#, "fd00:30::5"),
  ]

  private func route(to address: String) throws -> String {
    try scene.node.command("ip", address.contains(":") ? "-6" : "-4", "route", "show", address)
  }

  @Test(
    "an address that a container of another network has is code 103, and that container stays reachable",
    arguments: cases)
  func otherNetwork(members: String, address: String) throws {
    let (pod, second) = (try LinkScene.Pod(), try LinkScene.Pod())
    try scene.succeed("ADD", pod, members)
    let (before, other) = (try route(to: address), LinkScene.Way(network: "other"))
    let error = try scene.fail("ADD", second, members, other)
    #expect(error.code == 103 && error.message.contains("the host has a route to \(address)"))
    #expect(error.message.contains("(net/\(pod.id)/eth0)"))
    #expect(try scene.links(second.namespace) == [])
    try scene.succeed("DEL", second, members, other)
    #expect(try route(to: address) == before && scene.pings(from: scene.node, to: address))
    try scene.succeed("DEL", pod, members)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test(
    "an address that the network assigns anew leads to its new container, also after DEL of the former",
    arguments: cases)
  func sameNetwork(members: String, address: String) throws {
    let (former, pod) = (try LinkScene.Pod(), try LinkScene.Pod())
    for pod in [former, pod] { try scene.succeed("ADD", pod, members) }
    #expect(try scene.pings(from: scene.node, to: address))
    try scene.succeed("DEL", former, members)
    #expect(try scene.pings(from: scene.node, to: address))
  }
}
