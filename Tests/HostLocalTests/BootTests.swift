// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("host-local: reservations of a former boot") struct BootTests {
  private let scene: Scene
  private static let second = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

  init() throws { scene = try Scene() }

  private func cache(_ id: String, namespace: String) throws {
    let text = #"{"kind": "cniCacheV1", "containerId": "\#(id)", "netns": "\#(namespace)"}"#
    try writeFile(text, to: "\(scene.results)/net-\(id)-eth0")
  }

  @Test("the first ADD after a boot sweeps those whose namespace is gone; a full set is no obstacle")
  func newBoot() throws {
    let ids = ["a", "b", "c", "d", "e"]
    for id in ids { #expect(scene.add(id).status == 0) }
    #expect(scene.add("f").code == 11)
    try scene.reboot(Self.second)
    try cache("b", namespace: "\(scene.temporary.path)/gone")
    // A node whose runtime waits for STATUS must be ready.
    #expect(scene.call("STATUS", scene.config(Scene.small)).status == 0)
    #expect(try scene.reservations().count == 5)
    #expect(scene.add("f").addresses == ["10.1.0.2/29"])
    #expect(try scene.reservations() == ["10.1.0.2"])
    #expect(try scene.stamps().count == 1)
  }

  @Test("a container that is started again after a boot gets an address without a DEL")
  func sameContainer() throws {
    _ = scene.add("c1")
    try scene.reboot(Self.second)
    #expect(scene.add("c1").addresses == ["10.1.0.3/29"])
    #expect(try scene.reservations() == ["10.1.0.3"])
  }

  @Test("in the same boot nothing is swept, whatever the runtime's cache has")
  func sameBoot() throws {
    for id in ["a", "b"] { _ = scene.add(id) }
    try cache("a", namespace: "\(scene.temporary.path)/gone")
    _ = scene.add("c")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3", "10.1.0.4"])
  }

  @Test(
    "a reservation whose owner has a namespace now is kept, and then of this boot",
    .enabled(if: Namespace.obstacle == nil, "needs privileges to make network namespaces"))
  func living() throws {
    let namespace = try Namespace()
    for id in ["a", "b", "c"] { _ = scene.add(id) }
    try scene.reboot(Self.second)
    try cache("a", namespace: namespace.path)
    // The number of a former process may be that of another, in the host's own namespace.
    try cache("b", namespace: "/proc/self/ns/net")
    _ = scene.add("d")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.5"])
    #expect(try scene.stamps().allSatisfy { $0.hasPrefix(".own.aaaaaaaabbbb.") })
    try removeFile("\(scene.results)/net-a-eth0")
    _ = scene.add("e")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.5", "10.1.0.6"])
  }

  @Test("what upstream's plugin has made is only recorded, and is swept after the boot of its record")
  func takeover() throws {
    try scene.write("a\r\neth0", to: "10.1.0.2")
    try scene.write("b", to: "10.1.0.3")
    #expect(scene.add("c").addresses == ["10.1.0.4/29"])
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3", "10.1.0.4"])
    #expect(try scene.stamps().count == 3)
    try scene.reboot(Self.second)
    _ = scene.add("d")
    #expect(try scene.reservations() == ["10.1.0.5"])
  }

  @Test("what upstream's plugin made in the new boot, before ours ran in it, is kept")
  func upstreamInBetween() throws {
    for id in ["a", "b"] { _ = scene.add(id) }
    try scene.reboot(Self.second)
    // Upstream's DEL of a removes both names; its ADD then takes the address, and another.
    for name in try scene.names() where name.hasSuffix("10.1.0.2") {
      try removeFile("\(scene.folder)/\(name)")
    }
    try scene.write("x\r\neth0", to: "10.1.0.2")
    try scene.write("y\r\neth0", to: "10.1.0.4")
    _ = scene.add("c")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.4", "10.1.0.5"])
  }

  @Test("an address that was removed by hand and taken by upstream is not swept by the old stamp")
  func replacedByHand() throws {
    _ = scene.add("a")
    try scene.reboot(Self.second)
    try removeFile("\(scene.folder)/10.1.0.2")
    try scene.write("x\r\neth0", to: "10.1.0.2")
    _ = scene.add("b")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3"])
    #expect(try scene.stamps().count == 2)
  }

  @Test("without a boot ID nothing is swept, then or later")
  func unknown() throws {
    _ = scene.add("a")
    try scene.forgetBoot()
    _ = scene.add("b")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3"])
    try scene.reboot("7e6ee601-9214-4c71-8a50-000000000001")
    _ = scene.add("c")
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3", "10.1.0.4"])
  }
}
