// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import Skel
import TestSupport
import Testing

@testable import Attaching

@Suite("options of plugins that make interfaces") struct InterfaceOptionsTests {
  private func config(_ members: String) throws -> NetworkConfig {
    try NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8)))
  }

  @Test("mtu is a number of bytes, auto, or the kernel's choice")
  func mtu() throws {
    for none in ["", #""mtu":0,"#, #""mtu":null,"#] { #expect(try config(none).mtu() == nil) }
    for value in [68, 1400, 65_535] { #expect(try config(#""mtu":\#(value),"#).mtu() == .bytes(UInt32(value))) }
    #expect(try config(#""mtu":"auto","#).mtu() == .auto)
  }

  @Test(
    "any other mtu is an error with the field and the range",
    arguments: ["-1", "67", "65536", "1400.5", #""1500""#, "true", "{}"])
  func wrongMTU(value: String) throws {
    let error = #expect(throws: FieldError.self) { try config(#""mtu":\#(value),"#).mtu() }
    #expect(error?.path == "mtu")
    #expect(error?.reason.hasPrefix("expected \"auto\", 0, or bytes from 68 to 65535, found ") == true)
  }

  private func request(_ members: String, arguments: String = "") throws -> Request {
    let attachment = CNI.Attachment(network: "n", containerID: "c1", interface: "eth0")
    return Request(config: try config(members), attachment: attachment, arguments: arguments)
  }

  @Test("runtimeConfig's MAC goes before args', that before CNI_ARGS', that before the configuration's")
  func precedence() throws {
    let runtime = #""runtimeConfig":{"mac":"02:00:00:00:00:04"},"#
    let args = #""args":{"cni":{"mac":"02:00:00:00:00:03"}},"#
    let environment = "IgnoreUnknown=1;MAC=02:00:00:00:00:02"
    let own = #""mac":"02:00:00:00:00:01","#
    func mac(_ members: String, _ arguments: String = "", has: Bool = true) throws -> String? {
      try request(members, arguments: arguments).requestedMAC(ofConfiguration: has)?.description
    }
    #expect(try mac(runtime + args + own, environment) == "02:00:00:00:00:04")
    #expect(try mac(args + own, environment) == "02:00:00:00:00:03")
    #expect(try mac(own, environment) == "02:00:00:00:00:02")
    #expect(try mac(own) == "02:00:00:00:00:01")
    #expect(try mac(own, has: false) == nil)
    #expect(try mac("") == nil)
  }

  @Test("a MAC address that no interface can have is an error with its place")
  func wrongMAC() throws {
    for bad in ["zz", "01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00"] {
      for (members, arguments, code, place) in [
        (#""runtimeConfig":{"mac":"\#(bad)"},"#, "", CNIError.Code.invalidConfiguration, "runtimeConfig.mac"),
        (#""args":{"cni":{"mac":"\#(bad)"}},"#, "", .invalidConfiguration, "args.cni.mac"),
        ("", "MAC=\(bad)", .badEnvironment, "CNI_ARGS: MAC"), (#""mac":"\#(bad)","#, "", .invalidConfiguration, "mac"),
      ] {
        let error = #expect(throws: CNIError.self) {
          try request(members, arguments: arguments).requestedMAC(ofConfiguration: true)
        }
        #expect(error?.code == code)
        #expect(error?.message.hasPrefix("\(place): expected a unicast MAC address, found ") == true)
      }
    }
  }
}

@Suite("the default route", .enabled(if: Namespace.obstacle == nil, "needs privileges")) struct DefaultRouteTests {
  private let host: Namespace

  init() throws {
    host = try Namespace()
    try host.ip(
      """
      link add v0 mtu 1400 type veth peer name v1
      link add v2 mtu 9000 type veth peer name v3
      link set v0 up
      link set v1 up
      link set v2 up
      link set v3 up
      addr add 10.0.0.1/24 dev v0
      addr add 10.1.0.1/24 dev v2
      """)
  }

  private func found() throws -> (name: String, mtu: UInt32)? {
    try host.run {
      let routes = try RouteSocket.open()
      guard let way = try DefaultRoute.find(routes) else { return nil }
      return (try routes.linkName(way.interface), way.mtu)
    }
  }

  @Test("without one there is none, and mtu auto is code 50")
  func none() throws {
    #expect(try found() == nil)
    let error = #expect(throws: CNIError.self) { try host.run { try MTU.auto.resolved(RouteSocket.open()) } }
    #expect(error?.code == .notAvailable)
  }

  @Test("the lowest metric decides, and the MTU is the lower one of the route and the link")
  func lowest() throws {
    try host.ip("route add default via 10.1.0.2 metric 200\nroute add default via 10.0.0.2 metric 100")
    #expect(try found()?.name == "v0" && found()?.mtu == 1400)
    #expect(try host.run { try MTU.auto.resolved(RouteSocket.open()) } == 1400)
    try host.ip("route add default via 10.1.0.2 metric 50 mtu 1280")
    #expect(try found()?.name == "v2" && found()?.mtu == 1280)
    try host.ip("route change default via 10.1.0.2 metric 50 mtu 9500")
    #expect(try found()?.mtu == 9000)
  }

  @Test("one of IPv6 counts where IPv4 has none")
  func ip6() throws {
    try host.ip("addr add fd00:1::1/64 dev v0 nodad\nroute add ::/0 via fd00:1::2")
    #expect(try found()?.name == "v0")
  }
}
