// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel
import TestSupport
import Testing

@testable import Veth

@Suite("the host's end of a container's interface", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct RequestHostEndTests {
  private let host: Namespace
  private let container: Namespace

  init() throws { (host, container) = (try Namespace(), try Namespace()) }

  private static func request(_ interface: String, _ namespace: String?) throws -> Request {
    let config = try NetworkConfig(NetworkConfig.document(parsing: Array(#"{"cniVersion":"1.0.0","name":"n"}"#.utf8)))
    let owner = CNI.Attachment(network: "n", containerID: "c", interface: interface)
    return Request(config: config, attachment: owner, namespace: namespace, arguments: "")
  }

  private func hostEnd(_ interface: String = "eth0") throws -> Link {
    let request = try Self.request(interface, container.path)
    return try host.run { try request.hostEnd(try RouteSocket.open(), of: "can be on a bridge") }
  }

  /// Why there is none.
  private func failure(_ interface: String = "eth0", _ namespace: String? = nil) throws -> CNIError? {
    let request = try Self.request(interface, namespace ?? container.path)
    return try host.run {
      let routes = try RouteSocket.open()
      do throws(CNIError) {
        _ = try request.hostEnd(routes, of: "can be on a bridge")
        return nil
      } catch {
        return error
      }
    }
  }

  @Test("a veth's other end is found, also one of several")
  func here() throws {
    try host.ip(
      """
      link add veth0 type veth peer name eth0 netns \(container.path)
      link add veth1 type veth peer name eth1 netns \(container.path)
      """)
    for (interface, name) in [("eth0", "veth0"), ("eth1", "veth1")] {
      let end = try hostEnd(interface)
      #expect(end.name == name)
      #expect(end.kind == "veth")
      #expect(end.master == nil)
    }
  }

  @Test("the other end names what it is a port of")
  func port() throws {
    try host.ip(
      """
      link add cni0 type bridge
      link add veth0 type veth peer name eth0 netns \(container.path)
      link set veth0 master cni0
      """)
    let end = try hostEnd()
    let name = try host.run { try end.master.map { try RouteSocket.open().linkName($0) } }
    #expect(name == "cni0")
  }

  @Test("an interface that is not a veth is an error of code 7, with its kind if it has one")
  func otherKinds() throws {
    try container.ip("link add i0 type ifb\nlink add b0 type bridge")
    let cases = [("lo", "not a veth"), ("i0", "of the kind ifb"), ("b0", "of the kind bridge")]
    for (interface, kind) in cases {
      let error = try failure(interface)
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message == "CNI_IFNAME: \(interface) is \(kind): only a veth can be on a bridge")
    }
  }

  @Test("an interface that is not there is an error of code 7")
  func missing() throws {
    let error = try failure("eth7")
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix("CNI_IFNAME: look at interface eth7: ") == true)
  }

  @Test("a veth whose other end is in the container too, or in a third namespace, is an error of code 7")
  func elsewhere() throws {
    let third = try Namespace()
    try container.ip(
      """
      link add eth0 type veth peer name other
      link add eth1 type veth peer name other netns \(third.path)
      """)
    // It gives the container a number for the host, which is not the third's.
    try host.ip("link add veth2 type veth peer name eth2 netns \(container.path)")
    #expect(try hostEnd("eth2").name == "veth2")
    for interface in ["eth0", "eth1"] {
      let error = try failure(interface)
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message == "CNI_IFNAME: the other end of \(interface) is not on this host")
    }
  }

  @Test("a container that has no number for the host has no end there")
  func noNumber() throws {
    let third = try Namespace()
    try container.ip("link add eth0 type veth peer name other netns \(third.path)")
    #expect(try failure()?.message == "CNI_IFNAME: the other end of eth0 is not on this host")
  }

  @Test(
    "without a namespace, or with what is none, it is an error of code 4", arguments: ["", "/nonexistent", "/dev/null"])
  func noNamespace(path: String) throws {
    let error = try failure("eth0", path)
    #expect(error?.code == .badEnvironment)
    #expect(error?.message.hasPrefix("CNI_NETNS: ") == true)
  }
}
