// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct LinkChangeTests {
  private static func expect(_ message: NetlinkMessage, _ recording: Recording) {
    #expect(Saying.link(message.bytes(sequence: 0)) == Saying.link(recording.bytes))
  }

  @Test("a master is set and unset, and a name given, as ip does")
  func requests() {
    Self.expect(RouteSocket.setMaster(4, of: 3), .setMaster)
    Self.expect(RouteSocket.setMaster(nil, of: 3), .setNoMaster)
    Self.expect(RouteSocket.rename(3, to: "v9"), .rename)
    Self.expect(RouteSocket.move(2, toNamespace: 4, name: "eth0"), .moveAndRename)
    let flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND
    Self.expect(RouteSocket.alternativeName("longname", RTM_NEWLINKPROP, flags, 4), .addAltname)
  }

  @Test("flags and attributes are set together")
  func attributes() {
    var attributes = LinkAttributes()
    attributes.mtu = 1450
    attributes.address = MACAddress("02:00:00:00:00:03")
    attributes.isPromiscuous = true
    attributes.receivesAllMulticast = false
    var message = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: 4, linkFlags: attributes.flags(isUp: true))
    attributes.append(to: &message)
    Self.expect(message, .setAttributes)
  }

  @Test("options of a bridge's port are set as ip does, but for the name of the kind")
  func port() {
    var options = BridgePortOptions()
    options.priority = 5
    options.cost = 9
    for flag in [BridgePortOptions.Flag.hairpin, .isolated, .neighbourSuppression, .bpduGuard] { options[flag] = true }
    for flag in [BridgePortOptions.Flag.learning, .unicastFlood, .multicastFlood, .broadcastFlood] {
      options[flag] = false
    }
    let (ours, theirs) = (
      Saying.link(options.message(3).bytes(sequence: 0)), Saying.link(Recording.setPort.bytes)
    )
    var attributes = theirs.attributes
    #expect(attributes.removeValue(forKey: [18, 1]) == Array("bridge_slave".utf8))
    attributes[[18, 4]] = Array("bridge".utf8)
    #expect(ours.attributes == attributes)
    #expect(ours.header == theirs.header && ours.fixed == theirs.fixed)
  }

  @Test("an option of a port that was set can be left as it is again")
  func unset() {
    var options = BridgePortOptions()
    options[.hairpin] = true
    options[.learning] = false
    #expect(options[.hairpin] == true && options[.learning] == false && options[.isolated] == nil)
    options[.hairpin] = nil
    options[.learning] = nil
    #expect(options == BridgePortOptions())
  }
}

/// What the kernel tells of interfaces of several kinds.
@Suite struct LinkDetailsTests {
  @Test("a macvlan has a parent, a mode and a queue")
  func macvlan() throws {
    let link = Link(try Recording.macvlan.reply)
    #expect(link.name == "m2" && link.operState == .down)
    #expect(link.parent == Link.Reference(index: 3, netnsID: nil) && link.peer == nil)
    var options = MacvlanOptions(mode: .vepa)
    options.flags = 0
    options.broadcastQueueLength = 77
    #expect(link.details == .macvlan(options))
  }

  @Test("a VXLAN has its addresses and its port")
  func vxlan() throws {
    guard case .vxlan(let options) = Link(try Recording.vxlan.reply).details else {
      Issue.record("no VXLAN")
      return
    }
    #expect(options.id == 42 && options.interface == 3 && options.local == IPAddress("192.0.2.1"))
    #expect(options.port == 8472 && options.learning == false && options.ttl == 9 && options.usesGroupPolicy)
    #expect(options.ageing == 300 && options.remote == nil)
  }

  @Test("a bridge has what was set of it, and what this kernel can")
  func bridge() throws {
    var expected = BridgeOptions.sample
    // This kernel cannot filter VLANs.
    expected.vlanFiltering = false
    expected.vlanDefaultPVID = nil
    expected.vlanProtocol = nil
    guard case .bridge(var options) = Link(try Recording.bridge.reply).details else {
      Issue.record("no bridge")
      return
    }
    #expect(try #require(options.ageingTime) / 100 == 300)
    options.ageingTime = expected.ageingTime
    #expect(options == expected)
  }

  @Test("a TAP interface has its owner and its queues")
  func tap() throws {
    var options = TunOptions()
    options.multiQueue = true
    options.vnetHeader = true
    options.owner = 7
    options.group = 8
    #expect(Link(try Recording.tap.reply).details == .tun(options))
  }

  @Test("a port has all flags of its bridge, and says whether it forwards")
  func port() throws {
    let port = try #require(BridgePort(Link(try Recording.isolatedPort.reply)))
    #expect(!port.isForwarding)
    #expect(port.options.priority == 32 && port.options[.hairpin] == true && port.options[.isolated] == true)
    #expect(port.options[.learning] == true && port.options[.neighbourSuppression] == nil)
  }

  @Test(
    "what is asked for is read as it was asked for",
    arguments: [
      LinkKind.bridge(.sample), .macvlan(.init(mode: .bridge)), .ipvlan(.init(mode: .l2)),
      .vlan(.init(id: 4094, protocol: 0x8100)), .vrf(table: 1001), .dummy, .ifb, .other("wireguard"), .veth(peer: nil),
    ])
  func again(kind: LinkKind) throws {
    var message = NetlinkMessage(link: RTM_NEWLINK, 0, index: 7)
    kind.append(to: &message)
    #expect(Link(try #require(NetlinkReply.split(message.bytes(sequence: 0)).first)).details == kind)
  }
}
