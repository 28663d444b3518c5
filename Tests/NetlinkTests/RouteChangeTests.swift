// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import TestSupport
import Testing

@testable import Netlink

@Suite("changes in one datagram", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct RouteChangeTests {
  private let namespace: Namespace

  init() throws {
    namespace = try Namespace()
    try namespace.ip("link add v0 type veth peer name v1\nlink set v1 up")
  }

  private func make(_ changes: (UInt32) throws -> [RouteChange]) throws -> [NetlinkError?] {
    try namespace.run {
      let routes = try RouteSocket.open()
      return try routes.make(changes(routes.link(named: "v0").index))
    }
  }

  @Test("an address, the link and a route through it are added by one call")
  func configures() throws {
    let prefix = try #require(Prefix("10.22.0.5/16"))
    let gateway = try #require(IPAddress("10.22.0.1"))
    let failures = try make { index in
      var route = Route(to: .all(.ip))
      route.gateway = gateway
      route.interface = index
      return [.addAddress(InterfaceAddress(prefix, of: index)), .bringUp(index), .addRoute(route, .exclusive)]
    }
    #expect(failures == [nil, nil, nil])
    #expect(try namespace.command("ip", "-4", "-br", "addr", "show", "v0").contains("10.22.0.5/16"))
    #expect(try namespace.command("ip", "route").contains("default via 10.22.0.1 dev v0"))
  }

  @Test("a change that the kernel refuses is told at its place, and the others are made")
  func refusal() throws {
    let prefix = try #require(Prefix("10.22.0.5/16"))
    let neighbour = try #require(IPAddress("10.22.0.9"))
    let failures = try make { index in
      var attributes = LinkAttributes()
      attributes.mtu = 1400
      let route = Route.matching(.all(.ip))
      return [
        .removeRoute(route), .removeNeighbour(Neighbour(neighbour, at: nil, of: index, state: .none)),
        .setAttributes(attributes, of: index), .addAddress(InterfaceAddress(prefix, of: index)),
        .addAddress(InterfaceAddress(prefix, of: index)),
      ]
    }
    #expect(failures.map { $0?.number } == [ESRCH, ENOENT, nil, nil, EEXIST])
    #expect(failures[4]?.action.hasPrefix("add the address 10.22.0.5/16 to the interface with index ") == true)
    #expect(try namespace.command("ip", "link", "show", "v0").contains("mtu 1400"))
  }
}
