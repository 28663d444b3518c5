// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import TestSupport
import Testing

@testable import Macvlan

@Suite("macvlan's master", .enabled(if: Namespace.obstacle == nil, "needs privileges")) struct MacvlanMasterTests {
  private let host: Namespace

  init() throws {
    host = try Namespace()
    try host.ip(
      "link add up0 mtu 1400 type veth peer name up1\nlink set up0 up\nlink set up1 up\naddr add 10.40.0.2/24 dev up0")
  }

  private func settings(_ members: String) throws -> MacvlanSettings {
    try MacvlanSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
  }

  private func find(_ members: String, notes: (String) -> Void = { _ in }) throws -> String {
    try host.run { try settings(members).findMaster(try RouteSocket.open(), note: notes).name }
  }

  @Test("it is the named interface, or that of the default route, IPv4's before IPv6's, which a note tells")
  func found() throws {
    var notes: [String] = []
    #expect(try find(#""master":"up1","#) { notes.append($0) } == "up1")
    #expect(notes.isEmpty)
    try host.command("ip", "-6", "route", "add", "default", "dev", "up1")
    #expect(try find("") { notes.append($0) } == "up1")
    try host.ip("route add default via 10.40.0.1")
    #expect(try find("") { notes.append($0) } == "up0")
    #expect(
      notes == ["up1", "up0"].map { "macvlan: master is not set, so it is \($0), by which the default route leads" })
  }

  @Test("one that is missing is code 7, which says where it is missing")
  func missing() throws {
    let cases = [
      #""master":"x","#: "master: this host has no interface x",
      #""master":"x","linkInContainer":true,"#: "master: the container has no interface x",
      "": "master: expected the name of an interface, as this host has no default route to take it from",
    ]
    for (members, message) in cases {
      let error = #expect(throws: CNIError.self) { _ = try find(members) }
      #expect(error == CNIError(.invalidConfiguration, message))
    }
  }

  @Test("the MTU may be at most the master's; auto is the default route's, or else the master's")
  func mtu() throws {
    func mtu(_ members: String) throws -> UInt32? {
      try host.run {
        let routes = try RouteSocket.open()
        return try settings(members).mtu(of: try routes.link(named: "up0"), routes)
      }
    }
    #expect(try mtu("") == nil && mtu(#""mtu":1400,"#) == 1400)
    let error = #expect(throws: CNIError.self) { _ = try mtu(#""mtu":1401,"#) }
    #expect(
      error == CNIError(.invalidConfiguration, "mtu: expected at most 1400, the MTU of the master up0, found 1401"))
    #expect(throws: CNIError.self) { _ = try mtu(#""mtu":"auto","#) }
    try host.ip("addr add 10.41.0.2/24 dev up1\nroute add default via 10.41.0.1")
    #expect(try mtu(#""mtu":"auto","#) == nil)
    try host.ip("link set up1 mtu 1300")
    #expect(try mtu(#""mtu":"auto","#) == 1300)
  }
}
