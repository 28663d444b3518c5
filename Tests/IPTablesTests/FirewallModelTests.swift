// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

/// Our calls and upstream's in any order: after each the rules are those of the present containers.
@Suite struct FirewallModelTests {
  /// A container, with its expected rules.
  private struct Container {
    let id: String
    let address: String
    let kind: Isolation.Kind?
    let bridge: String
    var isAccepted = false
    var isRecorded = false

    init(_ number: Int) {
      id = "c\(number)"
      address = "10.22.0.\(number + 1)"
      (kind, bridge) = [(nil, "cni0"), (.sameBridge, "cni0"), (.isolated, "cni1")][number % 3]
    }

    func wanted() throws -> ForwardFilterRequest {
      try FirewallScene.wanted(FirewallScene.owner(id), [address], kind, on: bridge)
    }
  }

  private static func check(_ scene: FirewallScene, _ all: [Container]) throws {
    let accepted = all.filter(\.isAccepted)
    try #require(scene.accepted.sorted() == accepted.map(\.address).sorted())
    try #require(scene["CNI-FORWARD"].count <= 1 + 2 * accepted.count)
    try #require(Set(scene["FORWARD"]).count == scene["FORWARD"].count)
    for container in all {
      let problems = try scene.problems(try container.wanted()).filter { !$0.contains("CNI-ADMIN is missing") }
      try #require(problems.isEmpty == container.isAccepted, "\(container): \(problems)")
    }
  }

  private static func step(_ scene: FirewallScene, _ all: inout [Container], _ numbers: inout SeededNumbers) throws {
    let index = Int.random(in: 0..<all.count, using: &numbers)
    let container = all[index]
    let wanted = try container.wanted()
    switch Int.random(in: 0..<7, using: &numbers) {
    case 0, 1:
      try scene.add(wanted)
      (all[index].isAccepted, all[index].isRecorded) = (true, true)
    case 2:
      // Upstream finds present rules by iptables -C. A container that it has added has only upstream's isolation.
      if container.isAccepted { return }
      try scene.addAsUpstream(container.address, container.kind, on: container.bridge)
      all[index].isAccepted = true
    case 3:
      try scene.remove(wanted.attachment, hint: wanted)
      scene.unplugUpstream(container.address)
      (all[index].isAccepted, all[index].isRecorded) = (false, false)
    case 4:
      if container.isAccepted, !container.isRecorded { return }
      try scene.remove(wanted.attachment)
      (all[index].isAccepted, all[index].isRecorded) = (false, false)
    case 5:
      try scene.removeAsUpstream(container.address)
      all[index].isAccepted = false
    default:
      let valid = all.filter { _ in Bool.random(using: &numbers) }.map(\.id)
      try scene.collect(sparing: valid)
      for index in all.indices where all[index].isRecorded && !valid.contains(all[index].id) {
        (all[index].isAccepted, all[index].isRecorded) = (false, false)
      }
    }
  }

  @Test(
    "each present container has one pair of accepts, CHECK passes, and nothing is left in the end",
    arguments: 1...10)
  func mixed(seed: UInt64) throws {
    let scene = FirewallScene()
    scene.tables.unused = [scene.table6]
    var numbers = SeededNumbers(seed: seed)
    var all = (0..<6).map { Container($0) }
    for _ in 0..<60 {
      try Self.step(scene, &all, &numbers)
      try Self.check(scene, all)
    }
    for container in all {
      let wanted = try container.wanted()
      try scene.remove(wanted.attachment, hint: wanted)
    }
    scene.record.ports = [:]
    try scene.collect()
    #expect(scene.accepted.isEmpty && scene.isolation.isEmpty)
    #expect(scene["FORWARD"].count <= 1 && scene["CNI-FORWARD"].count <= 1)
    #expect(scene.record.owners.isEmpty)
  }
}
