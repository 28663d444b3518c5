// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import TestSupport
import Testing

@testable import Attaching

@Suite("the addresses and routes of the container's interface") struct AddressPlanTests {
  private func result(_ ips: [(String, String?)], _ routes: [(String, String?)] = []) throws -> NetworkResult {
    NetworkResult(
      ips: try ips.map { address, gateway in
        NetworkResult.IPConfig(try #require(Prefix(address)), gateway: gateway.flatMap { IPAddress($0) })
      },
      routes: try routes.map { destination, gateway in
        NetworkResult.Route(to: try #require(Prefix(destination)), via: gateway.flatMap { IPAddress($0) })
      })
  }

  @Test("a route without gateway gets the first gateway of its family, and equal routes are one")
  func gateways() throws {
    let plan = AddressPlan(
      try result(
        [("10.22.0.5/16", "10.22.0.1"), ("10.23.0.5/16", "10.23.0.1"), ("fd00:22::5/64", nil)],
        [("0.0.0.0/0", nil), ("0.0.0.0/0", "10.22.0.1"), ("10.99.1.1/16", "10.22.0.9"), ("fd00:99::/64", nil)]))
    #expect(plan.routes.map { "\($0)" } == ["default via 10.22.0.1", "10.99.0.0/16 via 10.22.0.9", "fd00:99::/64"])
    #expect(plan.addresses.map { "\($0)" } == ["10.22.0.5/16", "10.23.0.5/16", "fd00:22::5/64"])
    #expect(plan.hasIPv6)
  }

  @Test("an IPv4 route to the link has scope link unless it names another")
  func scope() throws {
    var wanted = try result([], [("10.99.0.0/16", nil)])
    #expect(AddressPlan(wanted).routes.map(\.scope) == [.link])
    wanted.routes[0].scope = 200
    #expect(AddressPlan(wanted).routes.map(\.scope.rawValue) == [200])
  }
}

@Suite("installing a plan", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct AddressPlanKernelTests {
  private let namespace: Namespace

  init() throws {
    namespace = try Namespace()
    try namespace.ip("link add eth0 type veth peer name v1\nlink set v1 up")
  }

  private func plan(_ members: String) throws -> AddressPlan {
    AddressPlan(
      try NetworkResult(
        decoding: Field(JSON(parsing: Array(#"{"cniVersion":"1.1.0",\#(members)}"#.utf8))), implied: .v1_1_0))
  }

  private func install(_ plan: AddressPlan, on interface: String = "eth0") throws {
    try namespace.run {
      try plan.prepare(interface)
      let routes = try RouteSocket.open()
      try plan.install(on: try routes.link(named: interface).index, named: interface, by: routes)
    }
  }

  @Test("addresses are there at once, IPv6 too, and routes have all their attributes")
  func installs() throws {
    try install(
      plan(
        """
        "ips":[{"address":"10.22.0.5/16","gateway":"10.22.0.1"},{"address":"fd00:22::5/64","gateway":"fd00:22::1"}],
        "routes":[{"dst":"0.0.0.0/0","mtu":1300,"advmss":1200,"priority":50},{"dst":"::/0"},
          {"dst":"10.99.0.0/16","gw":"10.22.0.9","table":77},{"dst":"10.98.0.0/16","scope":253}]
        """))
    let addresses = try namespace.command("ip", "addr", "show", "eth0")
    #expect(addresses.contains("inet 10.22.0.5/16 brd 10.22.255.255 scope global eth0"))
    #expect(addresses.contains("inet6 fd00:22::5/64 scope global nodad"))
    #expect(!addresses.contains("tentative"))
    let routes = try namespace.command("ip", "route")
    #expect(routes.contains("default via 10.22.0.1 dev eth0 metric 50 mtu 1300 advmss 1200"))
    #expect(routes.contains("10.98.0.0/16 dev eth0 scope link"))
    #expect(try namespace.command("ip", "-6", "route").contains("default via fd00:22::1 dev eth0 metric 1024"))
    #expect(try namespace.command("ip", "route", "show", "table", "77").contains("10.99.0.0/16 via 10.22.0.9 dev eth0"))
  }

  @Test("the default route of the first interface stays in front of a second one's")
  func secondDefault() throws {
    try namespace.ip("link add eth1 type veth peer name v2\nlink set v2 up")
    for (index, interface) in ["eth0", "eth1"].enumerated() {
      try install(
        plan(
          """
          "ips":[{"address":"10.2\(index).0.5/16","gateway":"10.2\(index).0.1"},
            {"address":"fd00:2\(index)::5/64","gateway":"fd00:2\(index)::1"}],
          "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]
          """), on: interface)
    }
    #expect(try namespace.command("ip", "route", "get", "192.0.2.1").contains("via 10.20.0.1 dev eth0"))
    #expect(try namespace.command("ip", "route", "get", "2001:db8::1").contains("via fd00:20::1 dev eth0"))
    let second = try namespace.command("ip", "-6", "route", "show", "default", "dev", "eth1")
    #expect(second.contains("via fd00:21::1 metric 1025"))
    #expect(try namespace.command("ip", "route", "show", "default", "dev", "eth1").contains("via 10.21.0.1"))
  }

  @Test("a route behind one with the highest metric is an error, and the first one stays in front")
  func highestMetric() throws {
    try namespace.ip("link add eth1 type veth peer name v2\nlink set v2 up")
    func plan(_ network: String) throws -> AddressPlan {
      try self.plan(
        """
        "ips":[{"address":"fd00:\(network)::5/64","gateway":"fd00:\(network)::1"}],
        "routes":[{"dst":"2001:db8::/32","priority":4294967295}]
        """)
    }
    try install(plan("20"))
    let error = #expect(throws: CNIError.self) { try install(plan("21"), on: "eth1") }
    #expect(error?.message.contains("behind the others") == true)
    #expect(error?.message.hasSuffix("(one of them has the highest metric)") == true)
    #expect(try namespace.command("ip", "route", "get", "2001:db8::1").contains("via fd00:20::1 dev eth0"))
  }

  @Test("IPv6 that is switched off is switched on where the container gets an IPv6 address")
  func disabledIPv6() throws {
    for name in ["lo", "eth0"] { try namespace.set("net/ipv6/conf/\(name)/disable_ipv6", to: "1") }
    try install(plan(#""ips":[{"address":"fd00:22::5/64"}]"#))
    #expect(try namespace.command("ip", "-6", "addr", "show", "eth0").contains("fd00:22::5/64"))
  }

  @Test("a route that the kernel refuses is an error that names the interface and the route")
  func refused() throws {
    let error = #expect(throws: CNIError.self) {
      try install(plan(#""ips":[{"address":"10.22.0.5/16"}],"routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}]"#))
    }
    #expect(error?.code == .kernelRefused)
    #expect(error?.message.hasPrefix("eth0: add the route 10.9.0.0/16 via 172.31.0.1") == true)
  }

  @Test("an address that another host has is an error where duplicates are looked for")
  func duplicate() throws {
    try namespace.ip("addr add fd00:22::5/64 dev v1 nodad\nlink set eth0 up")
    let other = try Namespace()
    try namespace.ip("link set v1 netns \(other.path)")
    try other.ip("link set v1 up\naddr add fd00:22::5/64 dev v1 nodad")
    var wanted = try plan(#""ips":[{"address":"fd00:22::5/64"}]"#)
    wanted.detectsDuplicates = true
    let plan = wanted
    let error = #expect(throws: CNIError.self) { try install(plan) }
    #expect(error?.code == .resourceConflict)
    #expect(error?.message == "eth0: another host on the link has the address fd00:22::5")
  }
}
