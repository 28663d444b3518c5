// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import OS
import TestSupport
import Testing

@testable import Netlink

/// Two namespaces: in one our requests are sent, in the other the commands are run that they are told as. What ip, tc and ethtool
/// print of both must be the same.
private final class Twins {
  private let ours: Namespace
  private let theirs: Namespace
  private var commands: [String] = []

  init() throws {
    ours = try Namespace()
    theirs = try Namespace()
    // Addresses that the kernel would add by itself, and check for duplicates.
    for namespace in [ours, theirs] { try namespace.set("net/ipv6/conf/default/addr_gen_mode", to: "1") }
  }

  /// Changes something of ours, runs the commands for it in theirs, and compares what the commands of `looks` print.
  func change(
    _ looks: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (borrowing RouteSocket) throws -> Void
  ) throws {
    let changes = try ours.run {
      ChangeTrace.begin(container: nil)
      let result = Result { try body(try RouteSocket.open()) }
      let changes = ChangeTrace.end()
      try result.get()
      return changes
    }
    #expect(!changes.isEmpty && changes.allSatisfy { $0.answer == "ok" }, sourceLocation: sourceLocation)
    for change in changes {
      commands.append(change.command)
      try theirs.command("sh", "-c", change.command)
    }
    for look in looks {
      var (left, right) = (try show(ours, look), try show(theirs, look))
      // The kernel sees a moment later that a link has no carrier.
      for _ in 0..<100 where left != right {
        pause(microseconds: 20_000)
        (left, right) = (try show(ours, look), try show(theirs, look))
      }
      #expect(left == right, "after \(commands.joined(separator: "; "))", sourceLocation: sourceLocation)
      // A look that shows nothing compares nothing.
      #expect(left.utf8.count > 10, sourceLocation: sourceLocation)
    }
  }

  /// What a command prints, without what nobody has chosen: a bridge's timer, a qdisc's handle, an index.
  private func show(_ namespace: Namespace, _ look: String) throws -> String {
    let random = #"s/"gc_timer":[0-9.]*,//g; s/("bfifo","handle":"|leaf )[0-9a-f]+:/\1/g; s/"ifindex":[0-9]+,//g"#
    return try namespace.command("sh", "-c", "{ \(look); } | sed -E '\(random)'")
  }

  /// Whether the kernel refuses a change; if so, it must refuse the command for it in the same words.
  func isRefused(_ body: (borrowing RouteSocket) throws -> Void, by reason: String) throws -> Bool {
    let changes = ours.run {
      ChangeTrace.begin(container: nil)
      try? body(try RouteSocket.open())
      return ChangeTrace.end()
    }
    let change = try #require(changes.first)
    guard change.answer.contains(reason) else {
      try ours.command("ip", "link", "del", "x0")
      return false
    }
    let error = #expect(throws: CommandFailure.self) { try theirs.command("sh", "-c", change.command) }
    #expect(error?.outcome.errorText.contains(reason) ?? false, "\(change.command)")
    return true
  }

  func index(_ name: String) throws -> UInt32 { try ours.run { try RouteSocket.open().link(named: name).index } }
}

private func mac(_ last: Int) -> MACAddress? { MACAddress("02:00:00:00:00:\(last)") }

private func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

/// A veth with this name and a hardware address of its own, whose peer is down.
private func veth(_ name: String, _ last: Int) -> NewLink {
  var peer = VethPeer("\(name)p")
  peer.attributes.address = mac(last + 50)
  var link = NewLink(name, .veth(peer: peer))
  link.attributes.address = mac(last)
  link.isUp = true
  return link
}

@Suite("the commands in a log at debug", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct TraceKernelTests {
  private static let links = "ip -d -j link"

  @Test("ip makes the same bridge, veth and port of it")
  func bridge() throws {
    let twins = try Twins()
    var options = BridgeOptions()
    options.forwardDelay = 400
    options.ageingTime = 12_300
    options.stp = false
    options.priority = 100
    options.multicastSnooping = false
    var bridge = NewLink("br0", .bridge(options))
    bridge.attributes.address = mac(10)
    try twins.change(Self.links) { try $0.add(bridge) }
    var peer = VethPeer("eth0")
    peer.attributes.mtu = 1400
    peer.attributes.address = mac(11)
    var veth = NewLink("veth7", .veth(peer: peer))
    veth.attributes.address = mac(12)
    veth.attributes.mtu = 1400
    veth.attributes.alias = "host's end of eth0"
    veth.attributes.group = 5
    veth.master = try twins.index("br0")
    try twins.change(Self.links) { _ = try $0.add(veth) }
    let index = try twins.index("veth7")
    try twins.change(Self.links) { try $0.setMaster(nil, of: index) }
    var port = BridgePortOptions()
    port[.hairpin] = true
    port[.isolated] = true
    port[.learning] = false
    port.priority = 9
    try twins.change(Self.links) { try $0.addPort(index, toBridge: twins.index("br0"), port) }
    try twins.change(Self.links) { routes in
      var attributes = LinkAttributes()
      attributes.mtu = 1300
      attributes.transmitQueueLength = 77
      attributes.isPromiscuous = true
      attributes.receivesAllMulticast = true
      try routes.set(attributes, of: index, isUp: false)
      try routes.rename(index, to: "veth8")
      try routes.addAlternativeName("a-rather-long-name", to: index)
    }
    try twins.change(Self.links) { try $0.removeAlternativeName("a-rather-long-name", from: index) }
    try twins.change(Self.links) { try $0.removeLink(index) }
  }

  @Test("ip makes the same interfaces that stand on another, and removes several at once")
  func stacked() throws {
    let twins = try Twins()
    try twins.change(Self.links) { try $0.add(veth("d0", 20)) }
    let parent = try twins.index("d0")
    var vxlan = VXLANOptions(id: 42)
    vxlan.port = 4789
    vxlan.learning = false
    vxlan.local = IPAddress("192.0.2.1")
    for (number, kind) in [LinkKind.macvlan(MacvlanOptions(mode: .bridge)), .vxlan(vxlan)].enumerated() {
      var link = NewLink("x\(number)", kind)
      link.attributes.address = mac(30 + number)
      if number == 0 { link.parent = parent }
      try twins.change(Self.links) { try $0.add(link) }
    }
    try twins.change(Self.links) { try $0.removeLinks([twins.index("x0"), twins.index("x1")]) }
  }

  /// What a kernel has no driver for, ip must at least understand: the kernel's refusal is the same then.
  @Test(
    "ip understands the command for a kind that the kernel may lack",
    arguments: [
      .vlan(VLANOptions(id: 5, protocol: 0x88a8)), .ipvlan(IPVLANOptions(mode: .l3s)), .vrf(table: 100), .dummy, .ifb,
    ] as [LinkKind])
  func kinds(kind: LinkKind) throws {
    let twins = try Twins()
    try twins.change(Self.links) { try $0.add(veth("d0", 20)) }
    var link = NewLink("x0", kind)
    switch kind {
    case .vlan, .ipvlan: link.parent = try twins.index("d0")
    default: link.attributes.address = mac(30)
    }
    if try twins.isRefused({ try $0.add(link) }, by: "Unknown device type") { return }
    try twins.change(Self.links) { try $0.add(link) }
  }

  @Test("ip adds and removes the same addresses and neighbours")
  func addresses() throws {
    let twins = try Twins()
    let look = "ip -j addr"
    try twins.change(look) { try $0.add(veth("d0", 20)) }
    let index = try twins.index("d0")
    var address = InterfaceAddress(try prefix("10.2.0.1/16"), of: index)
    address.broadcast = address.usualBroadcast
    address.label = "d0:1"
    address.metric = 50
    try twins.change(look) { try $0.add(address) }
    var pointToPoint = InterfaceAddress(try prefix("10.3.0.1/32"), of: index, flags: .noPrefixRoute)
    pointToPoint.peer = IPAddress("10.3.0.2")
    pointToPoint.scope = .link
    try twins.change(look) { try $0.add(pointToPoint) }
    try twins.change(look) { try $0.add(InterfaceAddress(prefix("2001:db8::5/64"), of: index, flags: .noDAD)) }
    try twins.change(look) { try $0.add(InterfaceAddress(prefix("127.0.0.9/8"), of: index)) }
    try twins.change(look) { try $0.add(address, .replacing) }
    try twins.change(look) { try $0.remove(address) }
    let neighbours = "ip -j neigh show; ip -j neigh show proxy"
    let host = try #require(IPAddress("10.3.0.2"))
    try twins.change(neighbours) { try $0.add(Neighbour(host, at: mac(44), of: index)) }
    try twins.change(neighbours) { try $0.add(.proxy(#require(IPAddress("2001:db8::9")), of: index)) }
    try twins.change(neighbours) { try $0.add(Neighbour(host, at: mac(45), of: index), .replacing) }
    try twins.change(neighbours) { try $0.remove(Neighbour(host, at: nil, of: index)) }
  }

  @Test("ip adds and removes the same routes and policy rules")
  func routes() throws {
    let twins = try Twins()
    try twins.change("ip -j addr") {
      try $0.add(veth("d0", 20))
      let index = try $0.link(named: "d0").index
      try $0.add(InterfaceAddress(prefix("10.2.0.1/16"), of: index))
      try $0.add(InterfaceAddress(prefix("2001:db8::5/64"), of: index, flags: .noDAD))
    }
    let index = try twins.index("d0")
    let look = "ip -d -j route show table all; ip -6 -d -j route show table all"
    var route = Route(to: try prefix("10.5.0.0/16"))
    route.gateway = IPAddress("10.2.0.9")
    route.interface = index
    route.table = 1000
    route.priority = 5
    route.preferredSource = IPAddress("10.2.0.1")
    route.mtu = 1300
    route.advertisedMSS = 1200
    try twins.change(look) { try $0.add(route) }
    route.mtu = 1350
    try twins.change(look) { try $0.add(route, .replacing) }
    var onLink = Route(to: .all(.ip))
    onLink.gateway = IPAddress("192.0.2.1")
    onLink.interface = index
    onLink.isOnLink = true
    onLink.protocol = 4
    try twins.change(look) { try $0.add(onLink) }
    var near = Route(to: try prefix("10.6.0.0/24"))
    near.interface = index
    try twins.change(look) { try $0.add(near) }
    near.destination = try prefix("10.7.0.0/24")
    near.scope = .link
    try twins.change(look) { try $0.add(near) }
    var dropped = Route(to: try prefix("10.8.0.0/24"))
    dropped.type = .blackhole
    try twins.change(look) { try $0.add(dropped) }
    var several = Route(to: try prefix("10.9.0.0/24"))
    several.nextHops = ["10.2.0.7", "10.2.0.8"].enumerated().map { number, text in
      var hop = Route.NextHop(interface: index)
      hop.gateway = IPAddress(text)
      hop.weight = number + 1
      return hop
    }
    try twins.change(look) { try $0.add(several) }
    var route6 = Route(to: .all(.ip6))
    route6.gateway = IPAddress("2001:db8::1")
    route6.interface = index
    route6.priority = 77
    try twins.change(look) { try $0.add(route6) }
    for destination in [Prefix.all(.ip), try prefix("10.8.0.0/24"), .all(.ip6)] {
      try twins.change(look) { try $0.remove(.matching(destination)) }
    }
    let rules = "ip -d -j rule; ip -6 -d -j rule"
    var rule = PolicyRule(.ip, table: 1000, priority: 100)
    rule.source = try prefix("10.2.0.0/16")
    rule.fwmark = 0x20
    rule.fwmask = 0xff
    rule.inputInterface = "d0"
    rule.isInverted = true
    try twins.change(rules) { try $0.add(rule) }
    var suppressed = PolicyRule(.ip6, table: 254, priority: 101)
    suppressed.suppressedPrefixLength = 0
    try twins.change(rules) { try $0.add(suppressed) }
    try twins.change(rules) { try $0.remove(rule) }
  }

  @Test("tc makes and removes the same qdiscs, classes and filters")
  func trafficControl() throws {
    let twins = try Twins()
    try twins.change("ip -d -j link") {
      for (name, last) in [("d0", 20), ("d1", 21), ("d2", 22)] { try $0.add(veth(name, last)) }
    }
    let (first, second, target) = (try twins.index("d0"), try twins.index("d1"), try twins.index("d2"))
    let qdiscs = "tc -j qdisc"
    let bucket = TokenBucket(rate: 1_000_000, burst: 20_000, limit: 45_000)
    try twins.change(qdiscs) { try $0.setTBF(bucket, of: first, handle: TrafficHandle(0x5c41)) }
    let fast = TokenBucket(rate: 6_000_000_000, burst: 1_000_000, limit: 45_000)
    try twins.change(qdiscs) { try $0.setTBF(fast, of: first, handle: TrafficHandle(0x5c41)) }
    let filters = "tc filter show dev d0 ingress"
    let redirect = TrafficFilter.Rule.redirect(to: target, classID: TrafficHandle(1, 2))
    try twins.change(qdiscs, filters) {
      try $0.addIngress(to: first)
      let pass = TrafficFilter.Rule.pass(to: try prefix("2001:db8::/40"), classID: TrafficHandle(1, 3))
      try $0.add(pass, priority: 1, to: first, at: .ingressFilters)
      try $0.add(redirect, priority: 2, to: first, at: .ingressFilters)
      let other = TrafficFilter.Rule.pass(from: try prefix("10.0.0.0/8"), classID: TrafficHandle(1, 3))
      try $0.add(other, priority: 3, to: first, at: .ingressFilters)
      let another = TrafficFilter.Rule.pass(from: try prefix("10.0.0.0/9"), classID: TrafficHandle(1, 3))
      try $0.add(another, priority: 3, to: first, at: .ingressFilters)
    }
    try twins.change(filters) { routes in
      let present = try routes.filters(of: first, at: .ingressFilters).u32
      try routes.remove(Array(present[1...2]), among: present, of: first, at: .ingressFilters)
    }
    let handle = TrafficHandle(0x5c41)
    let selective = SelectiveBucket(bucket, except: [try prefix("10.0.0.0/8"), try prefix("fd00::/8")], handle: handle)
    try twins.change(qdiscs, "tc class show dev d1", "tc filter show dev d1 parent 5c41:") { routes in
      try routes.setTBF(bucket, of: second, handle: TrafficHandle(1))
      try routes.set(selective, of: second, handle: handle)
    }
    try twins.change(qdiscs) {
      try $0.removeQdisc(of: first, at: .root)
      try $0.removeQdisc(of: first, at: .ingress)
    }
  }

  @Test("ethtool switches the same features")
  func features() throws {
    let twins = try Twins()
    try twins.change("ethtool -k d0") { routes in
      try routes.add(veth("d0", 20))
      let generic = try GenericSocket.open()
      let features = [
        EthtoolFeature(name: "tx-checksum-ip-generic", isOn: false), EthtoolFeature(name: "rx-gro-list", isOn: true),
      ]
      try generic.set(features, of: "d0", try generic.ethtool())
    }
  }
}
