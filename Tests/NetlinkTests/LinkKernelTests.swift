// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import OS
import TestSupport
import Testing

@testable import Netlink

/// A namespace with a socket in it, whose truth is what ip prints.
final class Scene {
  let namespace: Namespace
  let routes: RouteSocket

  init() throws {
    let namespace = try Namespace()
    self.namespace = namespace
    routes = try namespace.run { try RouteSocket.open() }
  }

  func link(_ name: String) throws -> String { try namespace.command("ip", "-d", "-j", "link", "show", "dev", name) }

  func index(_ name: String) throws -> UInt32 { try routes.link(named: name).index }
}

/// Expects that a text has all of these parts.
func expectParts(_ text: String, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
  for part in parts where !text.contains(part) {
    Issue.record("\(part) is missing in \(text)", sourceLocation: sourceLocation)
  }
}

/// A descriptor that is open on a namespace, while `body` runs.
func withDescriptor<T>(_ namespace: Namespace, _ body: (Int32) throws -> T) throws -> T {
  let descriptor = open(namespace.path, O_RDONLY | O_CLOEXEC)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  return try body(descriptor)
}

@Suite(.enabled(if: Namespace.obstacle == nil, "needs privileges")) struct LinkKernelTests {
  @Test("one request makes a veth with its other end in the container, and a port of the bridge on the host")
  func veth() throws {
    let (scene, container) = (try Scene(), try Scene())
    let bridge = try #require(try scene.routes.addAndRead(NewLink("br0", .bridge(BridgeOptions()))))
    try scene.routes.bringUp(bridge.index)
    let made = try withDescriptor(container.namespace) { descriptor in
      var peer = VethPeer("eth0")
      peer.namespace = descriptor
      peer.attributes.mtu = 1400
      peer.attributes.address = MACAddress("02:00:00:00:00:07")
      var link = NewLink("veth7", .veth(peer: peer))
      link.master = bridge.index
      link.attributes.mtu = 1400
      return try scene.routes.addAndRead(link)
    }
    let host = try #require(made)
    #expect(host.name == "veth7" && host.master == bridge.index && !host.isUp && host.attributes.mtu == 1400)
    let peer = try #require(host.peer)
    let number = try withDescriptor(container.namespace) { try scene.routes.netnsID(of: $0) }
    #expect(number != nil && peer.netnsID == number)
    expectParts(
      try container.link("eth0"), #""ifindex":\#(peer.index),"#, #""mtu":1400"#, #""address":"02:00:00:00:00:07""#,
      #""info_kind":"veth""#)
    let again = try scene.routes.add(NewLink("veth7", .veth(peer: nil)))
    #expect(!again)
  }

  @Test("interfaces are found by names and by an index as far as they exist")
  func missing() throws {
    let scene = try Scene()
    try scene.routes.add(NewLink("br0", .bridge(BridgeOptions())))
    let names = try scene.routes.links(named: ["none", "br0", "lo", "br1"]).map(\.name)
    #expect(names == ["br0", "lo"])
    let (there, gone) = (try scene.routes.linkIfAny(try scene.index("br0")), try scene.routes.linkIfAny(9999))
    #expect(there?.name == "br0" && gone == nil)
  }

  @Test("a port has its options before it is up, and forwards when that was waited for")
  func port() throws {
    let scene = try Scene()
    var options = BridgeOptions()
    options.forwardDelay = 400
    options.ageingTime = 12_300
    options.multicastSnooping = false
    let bridge = try #require(try scene.routes.addAndRead(NewLink("br0", .bridge(options))))
    try scene.routes.bringUp(bridge.index)
    expectParts(try scene.link("br0"), #""forward_delay":400"#, #""ageing_time":12300"#, #""mcast_snooping":0"#)
    try scene.routes.add(NewLink("v0", .veth(peer: VethPeer("w0"))))
    var port = BridgePortOptions()
    port[.isolated] = true
    port[.hairpin] = true
    port[.learning] = false
    port.priority = 9
    let index = try scene.index("v0")
    try scene.routes.addPort(index, toBridge: bridge.index, port)
    let namespace = scene.namespace
    try startThread {
      usleep(100_000)
      _ = try? namespace.command("ip", "link", "set", "w0", "up")
    }
    let isForwarding = try namespace.run { try scene.routes.waitUntilForwarding(index, milliseconds: 9_000) }
    #expect(isForwarding)
    expectParts(
      try scene.link("v0"), #""master":"br0""#, #""state":"forwarding""#, #""hairpin":true"#, #""isolated":true"#,
      #""learning":false"#, #""priority":9"#, #""UP""#)
    let ports = try scene.routes.ports(ofBridge: "br0")
    #expect(ports == ["v0"])
  }

  @Test("to wait for a port that cannot forward comes to an end")
  func noForwarding() throws {
    let scene = try Scene()
    let bridge = try #require(try scene.routes.addAndRead(NewLink("br0", .bridge(BridgeOptions()))))
    try scene.routes.add(NewLink("v0", .veth(peer: VethPeer("w0"))))
    try scene.routes.setMaster(bridge.index, of: try scene.index("v0"))
    let start = monotonicMilliseconds()
    let isForwarding = try scene.namespace.run {
      try scene.routes.waitUntilForwarding(try scene.index("v0"), milliseconds: 50)
    }
    #expect(!isForwarding)
    #expect((50..<5_000).contains(monotonicMilliseconds() - start))
  }

  @Test("a macvlan is born in the container under its own name")
  func macvlan() throws {
    let (scene, container) = (try Scene(), try Scene())
    try scene.routes.add(NewLink("v0", .veth(peer: VethPeer("w0"))))
    try withDescriptor(container.namespace) { descriptor in
      var options = MacvlanOptions(mode: .bridge)
      options.broadcastQueueLength = 77
      var link = NewLink("eth0", .macvlan(options))
      link.parent = try scene.index("v0")
      link.namespace = descriptor
      link.attributes.mtu = 1300
      try scene.routes.add(link)
    }
    expectParts(try container.link("eth0"), #""info_kind":"macvlan""#, #""mode":"bridge""#, #""mtu":1300"#)
    guard case .macvlan(let options) = try container.routes.link(named: "eth0").details else {
      Issue.record("no macvlan")
      return
    }
    #expect(options.mode == .bridge && options.broadcastQueueLength == 77)
  }

  @Test("an interface is moved under a new name, and back")
  func move() throws {
    let (scene, container) = (try Scene(), try Scene())
    try scene.routes.add(NewLink("v0", .veth(peer: VethPeer("w0"))))
    try container.routes.add(NewLink("v0", .ifb))
    try container.routes.add(NewLink("w0", .ifb))
    try withDescriptor(container.namespace) { try scene.routes.move(scene.index("v0"), toNamespace: $0, name: "eth0") }
    expectParts(try container.link("eth0"), #""info_kind":"veth""#)
    let missing = try scene.routes.linkIfAny(named: "v0")
    #expect(missing == nil)
    try withDescriptor(scene.namespace) { try container.routes.move(container.index("eth0"), toNamespace: $0) }
    expectParts(try scene.link("eth0"), #""info_kind":"veth""#)
  }

  @Test("attributes are changed one by one and together")
  func changes() throws {
    let scene = try Scene()
    var link = NewLink("i0", .veth(peer: VethPeer("w0")))
    link.attributes.alias = "an alias"
    link.isUp = true
    try scene.routes.add(link)
    expectParts(try scene.link("i0"), #""ifalias":"an alias""#, #""UP""#)
    let index = try scene.index("i0")
    var attributes = LinkAttributes()
    attributes.mtu = 1234
    attributes.isPromiscuous = true
    attributes.transmitQueueLength = 9
    attributes.address = MACAddress("02:00:00:00:00:09")
    try scene.routes.set(attributes, of: index, isUp: false)
    try scene.routes.rename(index, to: "i1")
    try scene.routes.addAlternativeName("a-rather-long-name", to: index)
    let text = try scene.link("i1")
    expectParts(
      text, #""mtu":1234"#, #""PROMISC""#, #""txqlen":9"#, #""address":"02:00:00:00:00:09""#, "a-rather-long-name")
    #expect(!text.contains(#""UP""#))
    let read = try scene.routes.link(index)
    #expect(read.alternativeNames == ["a-rather-long-name"] && read.attributes.mtu == 1234 && !read.isUp)
    try scene.routes.removeLink(index)
    let gone = try scene.routes.linkIfAny(named: "i1")
    #expect(gone == nil)
  }

  @Test("a TAP interface is made by its device, and stays")
  func tap() throws {
    let scene = try Scene()
    var options = TunOptions()
    options.multiQueue = true
    options.owner = 7
    try scene.namespace.run { try TunDevice.add("tap0", options) }
    expectParts(try scene.link("tap0"), #""info_kind":"tun""#, #""type":"tap""#)
    let details = try scene.routes.link(named: "tap0").details
    #expect(details == .tun(options))
    let error = #expect(throws: SystemError.self) { try TunDevice.add("a-name-that-is-too-long") }
    #expect(error?.number == ERANGE)
  }

  @Test("a kind that no kernel has is an error that says so")
  func unknownKind() throws {
    let scene = try Scene()
    let error = #expect(throws: NetlinkError.self) { try scene.routes.add(NewLink("x0", .other("nosuchkind"))) }
    #expect(error?.number == EOPNOTSUPP && error?.action == "make the interface x0 (nosuchkind)")
  }
}
