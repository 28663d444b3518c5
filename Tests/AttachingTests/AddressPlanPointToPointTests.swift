// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Testing

@testable import Attaching

@Suite("the routes of an interface that leads to a router only") struct AddressPlanPointToPointTests {
  private func plan(_ ips: [(String, String)], _ routes: [String] = []) throws -> AddressPlan {
    AddressPlan(
      pointToPoint: NetworkResult(
        ips: try ips.map { NetworkResult.IPConfig(try #require(Prefix($0)), gateway: IPAddress($1)) },
        routes: try routes.map { NetworkResult.Route(to: try #require(Prefix($0))) }))
  }

  @Test("the gateway is on the link, the subnet behind it, and both have the address as their source")
  func routes() throws {
    let plan = try plan(
      [("10.30.0.2/24", "10.30.0.1"), ("fd00:30::2/64", "fd00:30::1")], ["0.0.0.0/0", "10.30.0.0/24"])
    #expect(
      plan.routes.map { "\($0)" } == [
        "10.30.0.1/32", "10.30.0.0/24 via 10.30.0.1", "fd00:30::1/128", "fd00:30::/64 via fd00:30::1",
        "default via 10.30.0.1",
      ])
    #expect(plan.routes[0].scope == .link && plan.routes[2].scope == .universe)
    #expect(plan.routes.prefix(2).allSatisfy { $0.preferredSource == IPAddress("10.30.0.2") })
    #expect(!plan.hasPrefixRoutes)
  }

  @Test("a subnet of one address has no route, and addresses with one gateway share its route")
  func shared() throws {
    let plan = try plan([("10.30.0.2/32", "169.254.1.1"), ("10.30.1.2/24", "169.254.1.1")])
    #expect(plan.routes.map { "\($0)" } == ["169.254.1.1/32", "10.30.1.0/24 via 169.254.1.1"])
  }
}
