// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct RouteCodingTests {
  private static func route(_ text: String, by interface: UInt32? = 3) throws -> Route {
    var route = Route(to: try #require(Prefix(text)))
    route.interface = interface
    return route
  }

  /// A route with most of what one can have.
  private static func full() throws -> Route {
    var route = try Self.route("10.5.0.0/16")
    route.gateway = IPAddress("10.2.0.9")
    route.table = 1000
    route.priority = 5
    route.preferredSource = IPAddress("10.2.0.1")
    route.mtu = 1300
    route.advertisedMSS = 1200
    route.protocol = 4
    return route
  }

  private static func paths() throws -> Route {
    var route = try Self.route("10.8.0.0/16", by: nil)
    var hop = Route.NextHop(interface: 3)
    hop.gateway = IPAddress("10.2.0.7")
    hop.weight = 3
    route.nextHops.append(hop)
    hop.gateway = IPAddress("10.2.0.8")
    hop.weight = 1
    route.nextHops.append(hop)
    return route
  }

  private static func expect(
    _ route: Route, _ addition: Addition, _ recording: Recording, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let metrics: Set<[Int]> = [[Int(RTA_METRICS.rawValue)]]
    let message = route.message(RTM_NEWROUTE, addition.flags)
    expectSame(message, recording, fixed: 12, nested: metrics, sourceLocation: sourceLocation)
  }

  @Test("routes are asked for as ip asks for them")
  func requests() throws {
    Self.expect(try Self.full(), .exclusive, .addRoute)
    var route = try Self.route("10.6.0.0/16")
    route.scope = .link
    Self.expect(route, .exclusive, .addLinkRoute)
    route = try Self.route("0.0.0.0/0")
    route.gateway = IPAddress("10.77.0.1")
    route.isOnLink = true
    Self.expect(route, .replacing, .replaceDefaultRoute)
    route = try Self.route("10.7.0.0/16", by: nil)
    route.type = .unreachable
    Self.expect(route, .exclusive, .addUnreachable)
    Self.expect(try Self.paths(), .appending, .appendMultipath)
    route = try Self.route("10.55.0.0/16")
    route.gateway = IPAddress("fe80::1")
    Self.expect(route, .exclusive, .addRouteVia6)
    route = .matching(try #require(Prefix("10.5.0.0/16")))
    route.table = 1000
    expectSame(route.message(RTM_DELROUTE, NLM_F_ACK), .removeRoute, fixed: 12)
    expectSame(RouteFilter(.ip, table: 1000).message, .listRoutes, fixed: 12)
  }

  @Test("a route of IPv6 is asked for as ip asks for it, but for the preference among routers")
  func request6() throws {
    var route = try Self.route("2001:db8:1::/48")
    route.gateway = IPAddress("fe80::1")
    route.priority = 77
    route.mtu = 1300
    let metrics: Set<[Int]> = [[8]]
    let ours = Saying(
      route.message(RTM_NEWROUTE, Addition.exclusive.flags).bytes(sequence: 0), fixed: 12, nested: metrics)
    let theirs = Saying(Recording.addRoute6.bytes, fixed: 12, nested: metrics)
    #expect(ours.fixed == theirs.fixed && ours.header == theirs.header)
    #expect(ours.attributes == theirs.attributes.filter { $0.key != [Int(RTA_PREF.rawValue)] })
    #expect(Route(try Recording.route6.reply) == route)
  }

  @Test("what the kernel tells is what was asked for")
  func replies() throws {
    #expect(Route(try Recording.route.reply) == (try Self.full()))
    var route = try Self.route("0.0.0.0/0")
    route.gateway = IPAddress("10.77.0.1")
    route.isOnLink = true
    #expect(Route(try Recording.onLinkRoute.reply) == route)
    route = try Self.route("10.1.2.0/24")
    route.preferredSource = IPAddress("10.1.2.3")
    route.scope = .link
    route.protocol = 2
    #expect(Route(try Recording.kernelRoute.reply) == route)
    route = try Self.route("10.7.0.0/16", by: nil)
    route.type = .unreachable
    #expect(Route(try Recording.unreachableRoute.reply) == route)
    #expect(Route(try Recording.multipathRoute.reply) == (try Self.paths()))
    route = try Self.route("10.55.0.0/16")
    route.gateway = IPAddress("fe80::1")
    #expect(Route(try Recording.routeVia6.reply) == route)
  }

  @Test("a filter includes what it names, and of several ways any")
  func filter() throws {
    let route = try Self.full()
    #expect(RouteFilter(.ip, table: 1000, interface: 3).includes(route))
    #expect(RouteFilter(.ip, table: nil).includes(route))
    for filter in [RouteFilter(.ip), RouteFilter(.ip6, table: 1000), RouteFilter(.ip, table: 1000, interface: 4)] {
      #expect(!filter.includes(route))
    }
    #expect(RouteFilter(.ip, interface: 3).includes(try Self.paths()))
    #expect(!RouteFilter(.ip, interface: 4).includes(try Self.paths()))
  }

  @Test("what the kernel tells cut short at any byte crashes nothing")
  func truncated() throws {
    for recording in [Recording.route, .multipathRoute, .routeVia6, .route6] {
      let family = Route(try recording.reply)?.destination.family
      for count in 0...recording.bytes.count - 16 {
        let route = Route(try recording.reply(prefix: count))
        #expect(route == nil || route?.destination.family == family)
      }
    }
  }

  @Test("a route is written as ip writes it")
  func description() throws {
    #expect(try "\(Self.full())" == "10.5.0.0/16 via 10.2.0.9 dev 3 table 1000 metric 5")
    #expect(try "\(Self.route("::/0", by: nil))" == "default")
  }
}
