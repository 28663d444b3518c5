// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import FramingSupport
import Glibc
import Testing

@testable import Netlink

@Suite(
  "the framing of messages about links, addresses, routes and traffic control, as libmnl walks it")
struct RouteFramingTests {
  private static func walk(
    _ messages: [NetlinkMessage], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = messages.enumerated().flatMap { $1.bytes(sequence: UInt32($0)) }
    #expect(Framing.route.problems(bytes) == [], sourceLocation: sourceLocation)
  }

  /// One of every kind: a case that is added does not compile here until it is walked as well.
  private enum KindCase: CaseIterable {
    case veth, bridge, macvlan, ipvlan, vlan, vxlan, vrf, tun, other

    init(_ kind: LinkKind) {
      self =
        switch kind {
        case .veth: .veth
        case .bridge: .bridge
        case .macvlan: .macvlan
        case .ipvlan: .ipvlan
        case .vlan: .vlan
        case .vxlan: .vxlan
        case .vrf: .vrf
        case .tun: .tun
        case .other: .other
        }
    }
  }

  private static func attributes() -> LinkAttributes {
    var attributes = LinkAttributes()
    attributes.address = MACAddress("02:00:00:00:00:01")
    attributes.mtu = 1400
    attributes.transmitQueueLength = 50
    attributes.alias = "odd"
    attributes.group = 7
    return attributes
  }

  private static func kinds() -> [LinkKind] {
    var peer = VethPeer("b0")
    peer.attributes = attributes()
    peer.namespace = 4
    var bridge = BridgeOptions()
    bridge.stp = true
    bridge.priority = 7
    bridge.vlanFiltering = true
    bridge.vlanProtocol = 0x8100
    var vxlan = VXLANOptions(id: 5)
    vxlan.local = IPAddress("fd00::1")
    vxlan.remote = IPAddress("192.0.2.1")
    vxlan.port = 4789
    vxlan.learning = false
    vxlan.ttl = 3
    vxlan.usesGroupPolicy = true
    return [
      .veth(peer: peer), .veth(peer: nil), .bridge(bridge), .macvlan(MacvlanOptions(mode: .bridge)),
      .ipvlan(IPVLANOptions(mode: .l2)), .vlan(VLANOptions(id: 100, protocol: 0x88a8)),
      .vxlan(vxlan),
      .vrf(table: 10), .tun(TunOptions([])), .dummy, .ifb,
    ]
  }

  @Test("links of every kind, what changes one, and a bridge's port")
  func links() {
    let kinds = Self.kinds()
    #expect(Set(kinds.map { KindCase($0) }) == Set(KindCase.allCases))
    var messages = kinds.map { kind in
      var link = NewLink("odd", kind)
      link.attributes = Self.attributes()
      link.parent = 2
      link.master = 3
      return link.message
    }
    var port = BridgePortOptions()
    port[.hairpin] = true
    port[.isolated] = false
    port.priority = 1
    port.cost = 2
    messages += [
      RouteSocket.rename(2, to: "eth0"), RouteSocket.setMaster(nil, of: 2),
      RouteSocket.move(2, toNamespace: 4, name: "e"),
      RouteSocket.alternativeName("a longer name", RTM_NEWLINKPROP, NLM_F_CREATE, 2),
      RouteSocket.alternativeName("a longer name", RTM_DELLINKPROP, 0, 2),
      port.message(2, isUp: true),
    ]
    Self.walk(messages)
  }

  @Test("addresses, routes, neighbours and policy rules", arguments: AddressFamily.allCases)
  func addresses(family: AddressFamily) throws {
    let address = try #require(IPAddress(family == .ip ? "10.2.0.7" : "fd00::7"))
    var assigned = InterfaceAddress(
      try #require(Prefix(address, length: 24)), of: 2, flags: .noPrefixRoute)
    assigned.label = "eth0:1"
    assigned.validLifetime = 100
    var route = Route(to: try #require(Prefix(address, length: 16)))
    route.gateway = address
    route.interface = 2
    route.table = 1000
    route.priority = 5
    route.preferredSource = address
    route.mtu = 1300
    route.advertisedMSS = 1200
    var paths = Route(to: .all(family))
    for index in 2..<4 as Range<UInt32> {
      var hop = Route.NextHop(interface: index)
      hop.gateway = address
      paths.nextHops.append(hop)
    }
    var rule = PolicyRule(family, table: 1000, priority: 50)
    rule.source = Prefix(address, length: 24)
    rule.fwmark = 1
    rule.fwmask = 3
    rule.inputInterface = "eth0"
    rule.suppressedPrefixLength = 0
    let neighbour = Neighbour(address, at: MACAddress("02:00:00:00:00:44"), of: 3)
    Self.walk([
      assigned.message(RTM_NEWADDR, NLM_F_CREATE), assigned.message(RTM_DELADDR, 0),
      route.message(RTM_NEWROUTE, NLM_F_CREATE), paths.message(RTM_NEWROUTE, NLM_F_CREATE),
      route.message(RTM_DELROUTE, 0), rule.message(RTM_NEWRULE, NLM_F_CREATE),
      rule.message(RTM_DELRULE, 0),
      neighbour.message(RTM_NEWNEIGH, NLM_F_CREATE), neighbour.message(RTM_DELNEIGH, 0),
    ])
  }

  @Test("buckets and filters of traffic control", arguments: [1 << 20, 1 << 36] as [UInt64])
  func trafficControl(rate: UInt64) throws {
    let header = TrafficHeader(2, parent: .root)
    let bucket = TokenBucket(rate: rate, burst: 1 << 20, limit: 1 << 20)
    var tbf = header.message(RTM_NEWQDISC, NLM_F_CREATE)
    bucket.appendTBF(to: &tbf)
    var htb = header.message(RTM_NEWTCLASS, NLM_F_CREATE)
    bucket.appendHTB(to: &htb)
    let rules: [TrafficFilter.Rule] = [
      .redirect(to: 3, classID: TrafficHandle(1, 1)),
      .pass(from: try #require(Prefix("fd00::/64")), classID: TrafficHandle(1)),
    ]
    let filters = rules.map { rule in
      var message = header.message(RTM_NEWTFILTER, NLM_F_CREATE)
      rule.append(to: &message)
      return message
    }
    Self.walk([tbf, htb] + filters)
  }
}
