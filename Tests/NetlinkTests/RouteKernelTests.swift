// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import TestSupport
import Testing

@testable import Netlink

@Suite(.enabled(if: Namespace.obstacle == nil, "needs privileges")) struct RouteKernelTests {
  /// A namespace with a veth whose ends are up, and the index of the one that is used.
  private static func scene() throws -> (scene: Scene, index: UInt32) {
    let scene = try Scene()
    var link = NewLink("v0", .veth(peer: VethPeer("w0")))
    link.isUp = true
    try scene.routes.add(link)
    try scene.routes.bringUp(try scene.index("w0"))
    let index = try scene.index("v0")
    return (scene, index)
  }

  private static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  @Test("the addresses of a veth's other end are listed from here, in this namespace and in another")
  func peerAddresses() throws {
    let (scene, other) = (try Scene(), try Namespace())
    try scene.namespace.ip("link add x0 type veth peer name x1\naddr add 10.7.0.2/24 dev x1")
    try scene.namespace.ip("link add y0 type veth peer name y1 netns \(other.path)")
    // An interface of this namespace may have the same index.
    try other.ip("addr add 10.7.0.3/24 dev y1\naddr add 2001:db8::7/64 dev y1 nodad")
    func addresses(_ name: String) throws -> [String] {
      let peer = try #require(try scene.routes.link(named: name).peer)
      return try scene.routes.addresses(of: peer).map { "\($0.prefix)" }
    }
    #expect(try addresses("x0") == ["10.7.0.2/24"])
    #expect(try addresses("y0") == ["10.7.0.3/24", "2001:db8::7/64"])
  }

  @Test("addresses come and go, and are listed by interface and family")
  func addresses() throws {
    let scene = try Scene()
    try scene.routes.add(NewLink("v0", .veth(peer: VethPeer("w0"))))
    let index = try scene.index("v0")
    var address = InterfaceAddress(try Self.prefix("10.1.2.3/24"), of: index)
    address.broadcast = address.usualBroadcast
    try scene.routes.add(address)
    let twice = #expect(throws: NetlinkError.self) { try scene.routes.add(address) }
    #expect(twice?.number == EEXIST)
    try scene.routes.add(address, .replacing)
    try scene.routes.add(InterfaceAddress(try Self.prefix("2001:db8::5/64"), of: index, flags: [.noDAD]))
    expectParts(
      try scene.namespace.command("ip", "-d", "-j", "addr", "show", "dev", "v0"), #""local":"10.1.2.3","prefixlen":24"#,
      #""broadcast":"10.1.2.255""#, #""local":"2001:db8::5""#, #""nodad":true"#)
    let all = try scene.routes.addresses(of: index)
    #expect(all.map(\.prefix.description) == ["10.1.2.3/24", "2001:db8::5/64"])
    let ip6 = try scene.routes.addresses(of: index, .ip6)
    #expect(ip6.map(\.flags) == [[.noDAD, .permanent]])
    let others = try scene.routes.addresses(of: try scene.index("w0"))
    #expect(others.isEmpty)
    for address in all {
      let isRemoved = try scene.routes.remove(address)
      #expect(isRemoved)
      let isRemovedAgain = try scene.routes.remove(address)
      #expect(!isRemovedAgain)
    }
    let none = try scene.routes.addresses(of: index)
    #expect(none.isEmpty)
  }

  @Test("an address that the kernel looks for duplicates of is waited for, and one without that is there at once")
  func duplicates() throws {
    let (scene, index) = try Self.scene()
    try scene.routes.add(InterfaceAddress(try Self.prefix("2001:db8::5/64"), of: index))
    let atOnce = try scene.namespace.run { try scene.routes.waitForDAD(index, milliseconds: 0) }
    #expect(atOnce == nil)
    let failed = try scene.namespace.run { try scene.routes.waitForDAD(index, milliseconds: 10_000) }
    #expect(failed == [])
    try scene.routes.add(InterfaceAddress(try Self.prefix("2001:db8::6/64"), of: index, flags: .noDAD))
    let flags = try scene.routes.addresses(of: index, .ip6).first { $0.address == IPAddress("2001:db8::6") }?.flags
    #expect(flags == [.noDAD, .permanent])
  }

  @Test("routes with all that they can have are added, replaced, listed and removed")
  func routes() throws {
    let (scene, index) = try Self.scene()
    try scene.routes.add(InterfaceAddress(try Self.prefix("10.2.0.1/16"), of: index))
    var route = Route(to: try Self.prefix("10.5.0.0/16"))
    route.gateway = IPAddress("10.2.0.9")
    route.interface = index
    route.table = 1000
    route.priority = 5
    route.preferredSource = IPAddress("10.2.0.1")
    route.mtu = 1300
    route.advertisedMSS = 1200
    try scene.routes.add(route)
    let twice = #expect(throws: NetlinkError.self) { try scene.routes.add(route) }
    #expect(twice?.number == EEXIST)
    route.mtu = 1350
    try scene.routes.add(route, .replacing)
    expectParts(
      try scene.namespace.command("ip", "-d", "-j", "route", "show", "table", "1000"), #""dst":"10.5.0.0/16""#,
      #""gateway":"10.2.0.9""#, #""prefsrc":"10.2.0.1""#, #""metric":5"#, #""mtu":1350"#, #""advmss":1200"#)
    let listed = try scene.routes.routes(RouteFilter(.ip, table: 1000, interface: index))
    #expect(listed == [route])
    var onLink = Route(to: Prefix.all(.ip))
    onLink.gateway = IPAddress("192.0.2.1")
    onLink.interface = index
    onLink.isOnLink = true
    try scene.routes.add(onLink)
    expectParts(try scene.namespace.command("ip", "route"), "default via 192.0.2.1 dev v0 onlink")
    let main = try scene.routes.routes(RouteFilter(.ip))
    #expect(main.map(\.description) == ["default via 192.0.2.1 dev \(index)", "10.2.0.0/16 dev \(index)"])
    let isRemoved = try scene.routes.remove(.matching(Prefix.all(.ip)))
    #expect(isRemoved)
    let isRemovedAgain = try scene.routes.remove(.matching(Prefix.all(.ip)))
    #expect(!isRemovedAgain)
    let absent = try scene.routes.routes(RouteFilter(.ip, table: 4711))
    #expect(absent.isEmpty)
  }

  @Test("a route of IPv6 is what was asked for")
  func routes6() throws {
    let (scene, index) = try Self.scene()
    var route = Route(to: try Self.prefix("2001:db8:1::/48"))
    route.gateway = IPAddress("fe80::1")
    route.interface = index
    route.priority = 77
    try scene.routes.add(route)
    expectParts(
      try scene.namespace.command("ip", "-6", "route"), "2001:db8:1::/48 via fe80::1 dev v0 metric 77")
    let listed = try scene.routes.routes(RouteFilter(.ip6, interface: index))
    #expect(listed.contains(route))
    let isRemoved = try scene.routes.remove(.matching(route.destination))
    #expect(isRemoved)
  }

  @Test("neighbours and addresses that are answered for come and go")
  func neighbours() throws {
    let (scene, index) = try Self.scene()
    let address = try #require(IPAddress("10.2.0.4"))
    var entry = Neighbour(address, at: MACAddress("02:00:00:00:00:44"), of: index)
    try scene.routes.add(entry)
    let twice = #expect(throws: NetlinkError.self) { try scene.routes.add(entry) }
    #expect(twice?.number == EEXIST)
    entry.linkAddress = MACAddress("02:00:00:00:00:45")
    try scene.routes.add(entry, .replacing)
    expectParts(
      try scene.namespace.command("ip", "neigh", "show", "dev", "v0"), "10.2.0.4 lladdr 02:00:00:00:00:45 PERMANENT")
    let listed = try scene.routes.neighbours(of: index, .ip)
    #expect(listed == [entry])
    let proxy = Neighbour.proxy(address, of: index)
    try scene.routes.add(proxy)
    let proxies = try scene.routes.neighbours(of: index, .ip, proxies: true)
    #expect(proxies.map(\.address) == [address])
    for entry in [entry, proxy] {
      let isRemoved = try scene.routes.remove(entry)
      #expect(isRemoved)
      let isRemovedAgain = try scene.routes.remove(entry)
      #expect(!isRemovedAgain)
    }
  }

  @Test("policy rules are added, listed and removed")
  func rules() throws {
    let scene = try Scene()
    var rule = PolicyRule(.ip, table: 1000, priority: 50)
    rule.source = try Self.prefix("10.2.0.0/16")
    rule.fwmark = 0x10
    rule.fwmask = 0xff
    rule.inputInterface = "v0"
    try scene.routes.add(rule)
    let twice = #expect(throws: NetlinkError.self) { try scene.routes.add(rule) }
    #expect(twice?.number == EEXIST)
    expectParts(
      try scene.namespace.command("ip", "rule"), "50:\tfrom 10.2.0.0/16 fwmark 0x10/0xff iif v0 [detached] lookup 1000")
    let listed = try scene.routes.policyRules(.ip)
    #expect(listed.map { $0.priority ?? 0 } == [0, 50, 32_766, 32_767])
    rule.protocol = 0
    #expect(listed[1] == rule)
    let isRemoved = try scene.routes.remove(rule)
    #expect(isRemoved)
    let isRemovedAgain = try scene.routes.remove(rule)
    #expect(!isRemovedAgain)
  }
}
