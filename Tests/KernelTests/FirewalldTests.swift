// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Firewalld
import TestSupport
import Testing

@Suite("firewalld", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewalldTests {
  @Test("an address is added to a zone, found there, and removed", arguments: ["10.22.0.5", "fd00:22::5"])
  func addAndRemove(address: String) throws {
    let node = try FirewalldNode()
    let source = address + (address.contains(":") ? "/128" : "/32")
    #expect(try Firewalld.isRunning(bus: node.busAddress))
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    #expect(try !firewalld.querySource(zone: "trusted", address: address))
    for _ in 1...2 {
      try firewalld.addSource(zone: "trusted", address: address)
      #expect(try node.sources("trusted") == [source])
      #expect(try firewalld.querySource(zone: "trusted", address: address))
    }
    #expect(try !firewalld.querySource(zone: "public", address: address))
    let rules = try node.namespace.command("nft", "list", "table", "inet", "firewalld")
    #expect(rules.contains("saddr \(address) "))
    for _ in 1...2 {
      try firewalld.removeSource(zone: "trusted", address: address)
      #expect(try node.sources("trusted") == [])
      #expect(try !firewalld.querySource(zone: "trusted", address: address))
    }
    #expect(try node.namespace.command("nft", "list", "table", "inet", "firewalld").contains(address) == false)
  }

  @Test("an unknown zone is an error of its own")
  func unknownZone() throws {
    let node = try FirewalldNode()
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    let name = "org.fedoraproject.FirewallD1.Exception"
    let cause = { (action: String) in
      FirewalldError.invalidZone(.remote(action: action, name: name, text: "INVALID_ZONE: nowhere"))
    }
    #expect(throws: cause("add 10.22.0.5/32 to firewalld's zone nowhere")) {
      try firewalld.addSource(zone: "nowhere", address: "10.22.0.5")
    }
    #expect(throws: cause("look for 10.22.0.5/32 in firewalld's zone nowhere")) {
      _ = try firewalld.querySource(zone: "nowhere", address: "10.22.0.5")
    }
    // For an address that is in no zone firewalld does not check the zone.
    try firewalld.removeSource(zone: "nowhere", address: "10.22.0.5")
    try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    #expect(throws: cause("remove 10.22.0.5/32 from firewalld's zone nowhere")) {
      try firewalld.removeSource(zone: "nowhere", address: "10.22.0.5")
    }
    #expect(try node.sources("trusted") == ["10.22.0.5/32"])
  }

  @Test("an address that is in another zone stays there, which is an error of its own")
  func otherZone() throws {
    let node = try FirewalldNode()
    try node.firewallCmd("--zone", "internal", "--add-source", "10.22.0.5/32")
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    let addition = #expect(throws: FirewalldError.self) {
      try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    }
    let removal = #expect(throws: FirewalldError.self) {
      try firewalld.removeSource(zone: "trusted", address: "10.22.0.5")
    }
    #expect([kind(addition), kind(removal)] == [.otherZone, .otherZone])
    #expect(try node.sources("internal") == ["10.22.0.5/32"])
    #expect(try node.sources("trusted") == [])
  }

  @Test("firewalld refuses an invalid address")
  func noAddress() throws {
    let node = try FirewalldNode()
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    let error = #expect(throws: FirewalldError.self) {
      try firewalld.addSource(zone: "trusted", address: "10.22.0.500")
    }
    let reason = "INVALID_ADDR: 10.22.0.500/32"
    #expect(error.map { "\($0)" } == "add 10.22.0.500/32 to firewalld's zone trusted: \(reason)")
  }

  @Test("without firewalld on the bus isRunning is false, and no call starts it or succeeds")
  func notRunning() throws {
    let node = try FirewalldNode(firewalld: false)
    try expectNotRunning(node)
  }

  @Test("after firewalld has ended isRunning is false, also for a connection from before")
  func ended() throws {
    let node = try FirewalldNode()
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    try node.stopFirewalld()
    let error = #expect(throws: FirewalldError.self) {
      try firewalld.removeSource(zone: "trusted", address: "10.22.0.5")
    }
    #expect(kind(error) == .notRunning)
    try expectNotRunning(node)
  }

  private func expectNotRunning(_ node: FirewalldNode) throws {
    #expect(try !Firewalld.isRunning(bus: node.busAddress))
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    let error = #expect(throws: FirewalldError.self) {
      try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    }
    #expect(kind(error) == .notRunning)
  }

  @Test("without a bus isRunning is false, and a connection from before fails")
  func noBus() throws {
    let node = try FirewalldNode()
    var firewalld = try Firewalld.connect(bus: node.busAddress)
    try node.kill()
    let isRunning = try Firewalld.isRunning(bus: node.busAddress)
    #expect(!isRunning)
    let failures = [
      #expect(throws: FirewalldError.self) { try firewalld.addSource(zone: "trusted", address: "10.22.0.5") },
      #expect(throws: FirewalldError.self) { _ = try Firewalld.connect(bus: node.busAddress) },
    ]
    #expect(failures.map(kind) == [.failed, .failed])
  }

  @Test("sixteen clients at once are all served")
  func crowd() async throws {
    let node = try FirewalldNode()
    let bus = node.busAddress
    try await withThrowingTaskGroup { group in
      for number in 1...16 {
        group.addTask {
          var firewalld = try Firewalld.connect(bus: bus)
          try firewalld.addSource(zone: "trusted", address: "10.22.0.\(number)")
        }
      }
      try await group.waitForAll()
    }
    #expect(try node.sources("trusted").count == 16)
  }

  private enum Kind { case none, notRunning, invalidZone, otherZone, failed }

  private func kind(_ error: FirewalldError?) -> Kind {
    switch error {
    case nil: .none
    case .notRunning: .notRunning
    case .invalidZone: .invalidZone
    case .otherZone: .otherZone
    case .failed: .failed
    }
  }
}
