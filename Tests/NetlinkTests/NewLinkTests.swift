// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

/// Interfaces of every kind are asked for as ip asks for them, also those that this kernel lacks.
@Suite struct NewLinkTests {
  private static func expect(
    _ link: NewLink, _ recording: Recording, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var (ours, theirs) = (Saying.link(link.message.bytes(sequence: 0)), Saying.link(recording.bytes))
    #expect(ours.header == theirs.header, sourceLocation: sourceLocation)
    #expect(ours.fixed == theirs.fixed, sourceLocation: sourceLocation)
    // The peer of a veth is a link's message in itself.
    let peers = [ours, theirs].map { $0.attributes[[18, 2, 1]] }
    if link.kind.name == "veth" {
      ours = ours.without([18, 2, 1])
      theirs = theirs.without([18, 2, 1])
      let header = [UInt8](repeating: 0, count: 16)
      let (mine, other) = (Saying.link(header + (peers[0] ?? [])), Saying.link(header + (peers[1] ?? [])))
      #expect(mine == other, sourceLocation: sourceLocation)
    }
    #expect(ours.attributes == theirs.attributes, sourceLocation: sourceLocation)
  }

  @Test("a veth with all attributes of both ends, the other one in a namespace of its own")
  func veth() {
    var peer = VethPeer("b0")
    peer.attributes.mtu = 1300
    peer.attributes.address = MACAddress("02:00:00:00:00:02")
    peer.namespace = 4
    var link = NewLink("a0", .veth(peer: peer))
    link.attributes.mtu = 1400
    link.attributes.address = MACAddress("02:00:00:00:00:01")
    link.attributes.alias = "hello"
    link.attributes.transmitQueueLength = 50
    link.attributes.group = 7
    Self.expect(link, .newVeth)
  }

  @Test("a veth that is a bridge's port from the start")
  func port() {
    var peer = VethPeer("d0")
    peer.namespace = 4
    var link = NewLink("c0", .veth(peer: peer))
    link.master = 4
    Self.expect(link, .newPortVeth)
  }

  @Test("a bridge with its options")
  func bridge() {
    Self.expect(NewLink("br1", .bridge(.sample)), .newBridge)
  }

  @Test("a macvlan of each kind")
  func macvlan() {
    var options = MacvlanOptions(mode: .private)
    options.broadcastQueueLength = 77
    var link = NewLink("m0", .macvlan(options))
    link.parent = 3
    Self.expect(link, .newMacvlan)
    options = MacvlanOptions(mode: .passthru)
    options.flags = UInt16(MACVLAN_FLAG_NOPROMISC)
    link.name = "m1"
    link.kind = .macvlan(options)
    Self.expect(link, .newPassthru)
    link.kind = .macvlan(MacvlanOptions(mode: .bridge))
    link.namespace = 4
    Self.expect(link, .newMacvlanElsewhere)
  }

  @Test("an ipvlan and a VLAN")
  func stacked() {
    var options = IPVLANOptions(mode: .l3s)
    options.flags = UInt16(IPVLAN_F_PRIVATE)
    var link = NewLink("i0", .ipvlan(options))
    link.parent = 3
    Self.expect(link, .newIPVLAN)
    link.name = "x0"
    link.kind = .vlan(VLANOptions(id: 100, protocol: UInt16(ETH_P_8021AD)))
    Self.expect(link, .newVLAN)
  }

  @Test("a VXLAN of each family")
  func vxlan() throws {
    var options = VXLANOptions(id: 42)
    options.interface = 3
    options.local = IPAddress("192.0.2.1")
    options.remote = IPAddress("192.0.2.9")
    options.port = 8472
    options.learning = false
    options.ttl = 9
    Self.expect(NewLink("x1", .vxlan(options)), .newVXLAN)
    options = VXLANOptions(id: 43)
    options.interface = 3
    options.local = IPAddress("2001:db8::1")
    options.remote = IPAddress("ff02::1")
    options.port = 4789
    options.usesGroupPolicy = true
    let ours = Saying.link(NewLink("x2", .vxlan(options)).message.bytes(sequence: 0))
    // What ip says besides: learning, which is the default, and checksums that may be 0.
    let theirs = Saying.link(Recording.newVXLAN6.bytes).without([18, 2, 7]).without([18, 2, 20])
    #expect(ours == theirs)
  }

  @Test("kinds with few options or none")
  func others() {
    Self.expect(NewLink("dm0", .dummy), .newDummy)
    Self.expect(NewLink("ifb7", .ifb), .newIFB)
    Self.expect(NewLink("vrf0", .vrf(table: 100)), .newVRF)
  }
}

extension Saying {
  /// The same without an attribute.
  fileprivate func without(_ path: [Int]) -> Saying {
    Saying(header: header, fixed: fixed, attributes: attributes.filter { $0.key != path })
  }

  fileprivate init(header: [UInt8], fixed: [UInt8], attributes: [[Int]: [UInt8]]) {
    self.header = header
    self.fixed = fixed
    self.attributes = attributes
  }
}

extension BridgeOptions {
  /// An option of each kind, as in the recordings.
  static var sample: BridgeOptions {
    var options = BridgeOptions()
    options.vlanFiltering = true
    options.vlanDefaultPVID = 7
    options.ageingTime = 30_000
    options.forwardDelay = 400
    options.helloTime = 200
    options.maxAge = 2_000
    options.stp = true
    options.priority = 4_096
    options.multicastSnooping = false
    options.multicastQuerier = true
    options.groupForwardMask = 8
    options.vlanProtocol = UInt16(ETH_P_8021AD)
    return options
  }
}
