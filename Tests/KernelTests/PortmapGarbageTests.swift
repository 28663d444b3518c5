// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: garbage collection", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapGarbageTests {
  /// Two containers in network "test", one of them with conditions, and one in network "test2".
  private struct Scene {
    var host: PortmapNode
    let kept: Container
    let stale: Container
    let foreign: Container
    static let conditions = #""conditionsV4":["ip saddr { 198.51.100.0/24, 192.0.2.7 }"],"#

    init() throws {
      host = try PortmapNode()
      kept = try host.node.addContainer(ip: "10.22.0.5")
      stale = try host.node.addContainer(ip: "10.22.0.6")
      foreign = try host.node.addContainer(ip: "10.22.0.7")
      try host.add(kept, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
      try host.add(stale, PortMapping(8081, 80), PortMapping(8081, 80, "udp"), options: Self.conditions)
      host.network = "test2"
      try host.add(foreign, PortMapping(8082, 80), options: Self.conditions)
      host.network = "test"
    }

    func collect(_ members: String) throws -> Outcome {
      let outcome = try host.call(
        "GC", kept, options: members, prevResult: false, version: "1.1.0",
        environment: ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""])
      try host.succeed("GC", outcome)
      host.settle()
      return outcome
    }
  }

  @Test(
    "attachments that the list lacks are removed, with their conditions; other networks stay",
    arguments: ["valid-attachments", "attachments"])
  func list(key: String) throws {
    let scene = try Scene()
    _ = try scene.collect(#""cni.dev/\#(key)":[{"containerID":"\#(scene.kept.id)","ifname":"eth0"}],"#)
    let table = try scene.host.table()
    #expect(table.contains(scene.kept.id) && table.contains(scene.foreign.id) && !table.contains(scene.stale.id))
    #expect(!table.contains("comment \"network test\""))
    #expect(table.contains("comment \"network test2\""))
    try scene.host.check(scene.kept, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
    // The removed conditions are made again by the next ADD that needs them.
    try scene.host.add(scene.stale, PortMapping(8081, 80), options: Scene.conditions)
    try scene.host.check(scene.stale, PortMapping(8081, 80), options: Scene.conditions)
  }

  @Test("null and an empty list mean that nothing is valid", arguments: ["null", "[]"])
  func nothingValid(value: String) throws {
    let scene = try Scene()
    _ = try scene.collect(#""cni.dev/valid-attachments":\#(value),"#)
    let table = try scene.host.table()
    #expect(!table.contains(scene.kept.id) && !table.contains(scene.stale.id) && table.contains(scene.foreign.id))
  }

  @Test("without a list nothing is removed, with a note on stderr")
  func noList() throws {
    let scene = try Scene()
    let before = try scene.host.table()
    let outcome = try scene.collect("")
    #expect(outcome.errorText.contains("nothing removed"))
    #expect(try scene.host.table() == before)
  }

  @Test("an entry with another interface does not keep the container's")
  func otherInterface() throws {
    let scene = try Scene()
    _ = try scene.collect(#""cni.dev/valid-attachments":[{"containerID":"\#(scene.kept.id)","ifname":"eth1"}],"#)
    #expect(try !scene.host.table().contains(scene.kept.id))
  }
}
