// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("whose a bridge's port is", .enabled(if: kernelIsThere, "needs privileges")) struct BridgeOwnershipTests {
  private let scene: BridgeScene

  init() throws { scene = try BridgeScene() }

  private var members: String { #""macspoofchk":true,"ipMasq":true,"# + scene.dualStack }

  @Test("DEL for another network leaves the veth and the rules of this one")
  func otherNetwork() throws {
    let (pod, other) = (try BridgeScene.Pod(), BridgeScene.Way(network: "other"))
    let result = try scene.succeed("ADD", pod, members)
    #expect(try scene.fail("ADD", pod, members, other).code == 103)
    try scene.succeed("DEL", pod, members, other)
    try scene.succeed("CHECK", pod, members, BridgeScene.Way(previous: result))
    try scene.succeed("DEL", pod, members)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("DEL without namespace removes the veth under a later name, when an earlier one has become free")
  func laterName() throws {
    let (before, after) = (try BridgeScene.Pod(), try BridgeScene.Pod())
    // A restart under the same container ID, while the kernel still has the former namespace.
    var restarted = after
    restarted.id = before.id
    let members = #""ipam":{"type":"static","addresses":[{"address":"10.22.0.5/16"}]},"#
    for pod in [before, restarted] { try scene.succeed("ADD", pod, members) }
    #expect(try scene.veths().count == 2)
    try before.namespace.ip("link del eth0")
    #expect(try scene.veths().count == 1)
    try scene.succeed("DEL", restarted, members, BridgeScene.Way(namespace: .some(nil)))
    #expect(try scene.veths() == [])
  }

  @Test("a bridge's name that the kernel would make another one of is code 7, and no bridge is made")
  func pattern() throws {
    let error = try scene.fail("ADD", try BridgeScene.Pod(), #""bridge":"br%d","# + scene.dualStack)
    #expect(error.code == 7 && error.message.hasPrefix("bridge: expected an interface name"))
    #expect(try scene.node.command("ip", "-o", "link", "show", "type", "bridge").isEmpty)
  }
}
