// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Netlink

/// What any process may ask; what is made is tested with the kernel.
@Suite struct QdiscTests {
  @Test("lo has no qdisc that somebody made", arguments: [TrafficHandle.root, .ingress])
  func loopback(place: TrafficHandle) throws {
    let socket = try RouteSocket.open()
    let qdisc = try socket.qdisc(of: 1, at: place)
    #expect(qdisc == nil)
  }

  @Test("an interface that is missing is an error with its index", arguments: [TrafficHandle.root, .ingress])
  func missing(place: TrafficHandle) throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.qdisc(of: missingInterface, at: place) }
    expectNoDevice(error, "look at the qdiscs of the interface with index \(missingInterface)")
  }

  @Test("a TBF for an interface that is missing is an error with its index")
  func setOnMissing() throws {
    let socket = try RouteSocket.open()
    let bucket = TokenBucket(rate: 1000, burst: 2000, limit: 3000)
    let error = #expect(throws: NetlinkError.self) {
      try socket.setTBF(bucket, of: missingInterface, handle: TrafficHandle(1))
    }
    expectNoDevice(error, "make the qdisc tbf on the interface with index \(missingInterface)")
  }

  @Test("an ingress for an interface that is missing is an error with its index")
  func ingressOnMissing() throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { try socket.addIngress(to: missingInterface) }
    expectNoDevice(error, "make the qdisc ingress on the interface with index \(missingInterface)")
  }

  @Test("to remove the qdisc of an interface that is missing is no error", arguments: [TrafficHandle.root, .ingress])
  func removeFromMissing(place: TrafficHandle) throws {
    let socket = try RouteSocket.open()
    try ifPrivileged { () throws(NetlinkError) in try socket.removeQdisc(of: missingInterface, at: place) }
  }
}
