// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("bandwidth: interrupted", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthRollbackTests {
  /// More requests than any call of the plugin sends here.
  private static let requests = 1...40

  private static let unshaped = #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"# + BandwidthScene.both

  /// Lets the plugin's nth request to the kernel fail, or kill the plugin there.
  private static func at(_ request: Int, _ fault: String) -> BandwidthScene.Way {
    .init(wrapper: ["strace", "-o", "/dev/null", "-e", "trace=sendto", "-e", "inject=sendto:\(fault):when=\(request)"])
  }

  @Test("an ADD in which any one request fails leaves nothing")
  func failed() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    var (failures, successes) = (0, 0)
    // An ADD may succeed although an optional request failed; after several successes there are no more requests.
    for request in Self.requests where successes < 4 {
      let outcome = try scene.call("ADD", Self.unshaped, Self.at(request, "error=ENOBUFS"))
      if outcome.status == 0 {
        successes += 1
        try scene.succeed("CHECK", Self.unshaped)
        try scene.succeed("DEL", Self.unshaped)
      } else {
        (failures, successes) = (failures + 1, 0)
        #expect(errorObject(outcome)?.message.isEmpty == false)
      }
      try scene.requireUnchanged(since: before, "request \(request)")
    }
    #expect(failures > 10)
  }

  /// Lets one of the plugin's receives fail: the kernel has done the request, and its reply is left unread.
  private static func atReceive(_ number: Int) -> BandwidthScene.Way {
    .init(
      wrapper: [
        "strace", "-o", "/dev/null", "-e", "trace=recvfrom", "-e", "inject=recvfrom:error=ENOBUFS:when=\(number)",
      ])
  }

  @Test("an ADD in which any one receive fails leaves nothing, and changes no other interface")
  func failedReceive() throws {
    let scene = try BandwidthScene()
    // The interfaces that the plugin would change first if it confused replies.
    try scene.node.namespace.ip("link add bystander0 type ifb\nlink add bystander1 type veth peer name bystander2")
    let before = try scene.state()
    var (failures, successes) = (0, 0)
    for number in Self.requests where successes < 4 {
      let outcome = try scene.call("ADD", Self.unshaped, Self.atReceive(number))
      if outcome.status == 0 {
        successes += 1
        try scene.succeed("CHECK", Self.unshaped)
        try scene.succeed("DEL", Self.unshaped)
      } else {
        (failures, successes) = (failures + 1, 0)
        #expect(errorObject(outcome)?.message.isEmpty == false)
      }
      try scene.requireUnchanged(since: before, "receive \(number)")
    }
    #expect(failures > 10)
  }

  @Test("a DEL in which any one receive fails reports it or has removed everything, and the next one completes it")
  func failedReceiveDeleting() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    var failures = 0
    for number in 1...20 {
      try scene.succeed("ADD", Self.unshaped)
      let outcome = try scene.call("DEL", "", Self.atReceive(number))
      if outcome.status == 0 {
        try scene.requireUnchanged(since: before, "receive \(number)")
      } else {
        failures += 1
        #expect(errorObject(outcome)?.code == 101)
        try scene.succeed("DEL", "")
      }
      try scene.requireUnchanged(since: before, "receive \(number)")
    }
    #expect(failures > 5)
  }

  @Test("a changing ADD in which any one request fails leaves what there was")
  func failedChange() throws {
    let scene = try BandwidthScene()
    let other = #""ingressRate":4000000,"ingressBurst":200000,"egressRate":2000000,"egressBurst":200000,"#
    let members = #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"# + other
    try scene.succeed("ADD")
    for request in Self.requests {
      let outcome = try scene.call("ADD", members, Self.at(request, "error=ENOBUFS"))
      if outcome.status == 0 { break }
      // The kernel may give new handles to restored objects.
      let check = try scene.call("CHECK")
      try #require(check.status == 0, "request \(request): \(check.outputText)")
    }
    try scene.succeed("ADD", members)
    try scene.succeed("CHECK", members)
  }

  @Test("as many subnets as there may be are not shaped, and more are refused and change nothing")
  func manySubnets() throws {
    let scene = try BandwidthScene()
    func members(_ count: Int) -> String {
      let subnets = (0..<count).map { #""10.\#(100 + $0 / 256).\#($0 % 256).0/24","fd00:\#($0)::/64""# }
      return #""unshapedSubnets":[\#(subnets.joined(separator: ","))],"# + BandwidthScene.both
    }
    try scene.succeed("ADD", members(1990))
    try scene.succeed("CHECK", members(1990))
    // Both lists exist for a moment.
    try scene.succeed("ADD", members(2000))
    let error = try scene.fail("ADD", members(2001))
    #expect(error.code == 7 && error.message.contains("unshapedSubnets"))
    try scene.succeed("CHECK", members(2000))
    try scene.succeed("DEL")
  }

  @Test("whatever an ADD that is killed at any one request leaves, a DEL removes")
  func killedAdding() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    for request in Self.requests {
      let outcome = try scene.call("ADD", Self.unshaped, Self.at(request, "signal=KILL"))
      try scene.succeed("DEL", Self.unshaped, .init(prevResult: request % 2 == 0 ? nil : scene.container.prevResult))
      try scene.requireUnchanged(since: before, "request \(request)")
      if outcome.status == 0 { break }
    }
  }

  @Test(
    "whatever a DEL that is killed or fails at any one request leaves, the next removes",
    arguments: ["signal=KILL", "error=ENOBUFS"])
  func interruptedDeleting(fault: String) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    var successes = 0
    for request in Self.requests where successes < 4 {
      try scene.succeed("ADD", Self.unshaped)
      let outcome = try scene.call("DEL", Self.unshaped, Self.at(request, fault))
      successes = outcome.status == 0 ? successes + 1 : 0
      try scene.succeed("DEL", Self.unshaped)
      try scene.requireUnchanged(since: before, "request \(request)")
    }
  }

  @Test("whatever an ADD that is killed at any one request leaves, another ADD repairs")
  func mended() throws {
    let scene = try BandwidthScene()
    for request in Self.requests {
      let outcome = try scene.call("ADD", Self.unshaped, Self.at(request, "signal=KILL"))
      try scene.succeed("ADD", Self.unshaped)
      try scene.succeed("CHECK", Self.unshaped)
      try scene.succeed("DEL", Self.unshaped)
      if outcome.status == 0 { break }
    }
  }
}
