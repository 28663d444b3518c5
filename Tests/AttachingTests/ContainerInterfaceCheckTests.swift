// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Skel
import TestSupport
import Testing

@testable import Attaching

@Suite("what CHECK compares in the container", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct ContainerInterfaceCheckTests {
  private let container: Namespace

  init() throws {
    container = try Namespace()
    try container.ip(
      """
      link add eth0 type veth peer name v1
      link set v1 up
      link set eth0 up
      addr add 10.22.0.5/16 dev eth0
      route add default via 10.22.0.1
      route add 10.99.0.0/16 via 10.22.0.9 table 77
      """)
  }

  private static let result = """
    "interfaces":[{"name":"cni0"},{"name":"eth0","sandbox":"/run/netns/c1"}],
    "ips":[{"address":"10.22.0.5/16","interface":1},{"address":"10.23.0.5/16","interface":0}],
    "routes":[{"dst":"0.0.0.0/0"},{"dst":"10.99.0.0/16","gw":"10.22.0.9","table":77}]
    """

  private func request(_ result: String? = Self.result) throws -> Request {
    let previous = result.map { #""prevResult":{"cniVersion":"1.1.0",\#($0)},"# } ?? ""
    let text = #"{\#(previous)"cniVersion":"1.1.0","name":"n"}"#
    let config = try NetworkConfig(NetworkConfig.document(parsing: Array(text.utf8)))
    let attachment = CNI.Attachment(network: "n", containerID: "c1", interface: "eth0")
    return Request(config: config, attachment: attachment, namespace: container.path)
  }

  private func problems(_ result: String = Self.result, kind: String = "veth") throws -> [String] {
    let check = try ContainerInterfaceCheck(request(result))
    return try container.run { try check.problems(kind: kind) }
  }

  @Test("everything as ADD made it is no problem, nor is another interface's address, nor another MAC address")
  func same() throws {
    try container.ip("link set eth0 address 02:00:00:00:00:77")
    #expect(try problems() == [])
  }

  @Test("routes that sbr has moved to another table are there")
  func moved() throws {
    try container.ip("route del default\nroute add default via 10.22.0.1 dev eth0 table 100")
    #expect(try problems() == [])
  }

  @Test("a route that another plugin has added by its own interface is there, and told when it is not")
  func otherInterface() throws {
    let more = Self.result.replacing(
      "\"routes\":[", with: "\"routes\":[{\"dst\":\"10.77.0.0/16\",\"gw\":\"10.24.0.1\"},")
    #expect(try problems(more) == ["the route to 10.77.0.0/16 via 10.24.0.1 is missing"])
    try container.ip(
      """
      link add net1 type veth peer name v2
      link set v2 up
      link set net1 up
      addr add 10.24.0.5/16 dev net1
      route add 10.77.0.0/16 via 10.24.0.1
      """)
    #expect(try problems(more) == [])
  }

  @Test(
    "what is missing or changed is told",
    arguments: [
      ("link del eth0", "the interface eth0 is missing"),
      ("addr del 10.22.0.5/16 dev eth0", "eth0 lacks the address 10.22.0.5/16"),
      ("route del default", "the route to 0.0.0.0/0 is missing"),
      ("route flush table 77", "the route to 10.99.0.0/16 via 10.22.0.9 is missing"),
      ("link set eth0 down", "eth0 is down"),
    ])
  func missing(change: String, problem: String) throws {
    try container.ip(change)
    #expect(try problems().contains(problem))
  }

  @Test("another kind is told")
  func kind() throws {
    #expect(try problems(kind: "macvlan") == ["eth0 is of the kind \"veth\" instead of macvlan"])
  }

  @Test("without a result, or without the interface in it, CHECK is code 7")
  func incomplete() throws {
    for (result, message) in [
      (nil, "prevResult: expected the result of ADD"),
      (#""interfaces":[{"name":"eth0"}]"#, "prevResult.interfaces: expected an entry for eth0 with its sandbox"),
    ] as [(String?, String)] {
      let error = #expect(throws: CNIError.self) { try ContainerInterfaceCheck(request(result)) }
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.message.hasPrefix(message) == true)
    }
  }
}
