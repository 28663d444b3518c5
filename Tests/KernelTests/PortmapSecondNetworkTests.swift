// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: several attachments of a container that want the same port",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapSecondNetworkTests {
  typealias Backend = PortmapBackendChangeTests.Backend

  /// A container that is attached twice, and another.
  private struct Scene {
    let host: PortmapNode
    let first, second, other: Container
    private let servers: [TCPListener]

    init(_ backend: Backend) throws {
      host = backend.of(try PortmapNode(programs: IPTablesPrograms(.nft)))
      first = try host.node.addContainer(ip: "10.22.0.5")
      second = try host.node.attach(first, ip: "10.22.0.6", ifName: "eth1", network: .first)
      other = try host.node.addContainer(ip: "10.22.0.7")
      servers = try [first, second, other].map { container in
        try container.namespace.run { try TCPListener(container.ip, 80) }
      }
    }

    func expect(_ owner: Container, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let index = owner.ip == first.ip ? 0 : owner.ip == second.ip ? 1 : 2
      let client = try ip(Node.clientAddress)
      let seen = try converse(host.node.client, Node.address, 8080, with: servers[index])
      #expect(seen == client, sourceLocation: sourceLocation)
    }
  }

  @Test(
    "an eth0 that is disconnected and connected again does not take the port from the container's eth1",
    arguments: Backend.allCases)
  func firstAgain(backend: Backend) throws {
    let scene = try Scene(backend)
    let (host, mapping) = (scene.host, PortMapping(8080, 80))
    try host.add(scene.first, mapping)
    try host.add(scene.second, mapping)
    try host.delete(scene.first, mapping)
    try scene.expect(scene.second)
    try host.add(scene.first, mapping)
    try scene.expect(scene.second)
    for container in [scene.first, scene.second] { try host.check(container, mapping) }
    try host.delete(scene.second, mapping)
    host.settle()
    try scene.expect(scene.first)
    try host.delete(scene.first, mapping)
    host.settle()
    #expect(try host.elements().isEmpty && host.savedOfContainers().isEmpty)
  }

  @Test(
    "a second network that is connected after another container has taken the port over takes it back",
    arguments: Backend.allCases)
  func afterTakeover(backend: Backend) throws {
    let scene = try Scene(backend)
    let (host, mapping) = (scene.host, PortMapping(8080, 80))
    try host.add(scene.first, mapping)
    try host.add(scene.other, mapping)
    try scene.expect(scene.other)
    try host.add(scene.second, mapping)
    try scene.expect(scene.second)
    for container in [scene.first, scene.second] { try host.check(container, mapping) }
    #expect(errorObject(try host.call("CHECK", scene.other, [mapping]))?.code == 102)
    try host.delete(scene.second, mapping)
    host.settle()
    try scene.expect(scene.other)
    try host.delete(scene.other, mapping)
    host.settle()
    try scene.expect(scene.first)
  }
}
