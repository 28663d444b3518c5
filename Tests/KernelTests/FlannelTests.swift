// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import TestSupport
import Testing

@Suite("flannel: pods and subnet.env", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FlannelTests {
  @Test("pods of two nodes reach each other, a published port is reached across nodes, and DEL leaves nothing")
  func traffic() throws {
    let cluster = try FlannelCluster()
    let (first, second) = (FlannelNetwork(on: cluster.first), FlannelNetwork(on: cluster.second))
    let (client, web) = (try Pod(), try Pod())
    let port = PortMapping(8080, 80)
    let clientResult = try first.add(client)
    let webResult = try second.add(web)
    #expect(try addresses(clientResult) == ["10.244.0.2"])
    #expect(try addresses(webResult) == ["10.244.1.2"])
    try second.portmap("ADD", web, port, previous: webResult)

    let server = try web.namespace.run { try TCPListener("10.244.1.2", 80) }
    #expect(try converse(client.namespace, "10.244.1.2", 80, with: server) == ip("10.244.0.2"))
    // Connections that leave the pods' network are masqueraded by the node.
    for source in [first.node.namespace, client.namespace] {
      #expect(try converse(source, second.node.address, 8080, with: server) == ip(first.node.address))
    }

    try second.portmap("DEL", web, port, previous: webResult)
    try second.delete(web, previous: webResult)
    try first.delete(client, previous: clientResult)
    usleep(10_000)
    #expect(try first.node.traces() == [])
    #expect(try second.node.traces() == [])
    #expect(try !second.node.namespace.command("nft", "list", "ruleset").contains(web.id))
  }

  @Test("with subnets of both families pods have an address of each, and reach each other by both")
  func dualStack() throws {
    let cluster = try FlannelCluster(dualStack: true)
    let (first, second) = (FlannelNetwork(on: cluster.first), FlannelNetwork(on: cluster.second))
    let (client, web) = (try Pod(), try Pod())
    #expect(try addresses(try first.add(client)) == ["10.244.0.2", "fd00:10:244::2"])
    #expect(try addresses(try second.add(web)) == ["10.244.1.2", "fd00:10:244:1::2"])
    for (from, to) in [("10.244.0.2", "10.244.1.2"), ("fd00:10:244::2", "fd00:10:244:1::2")] {
      let server = try web.namespace.run { try TCPListener(to, 80) }
      #expect(try converse(client.namespace, to, 80, with: server) == ip(from))
    }
    try first.delete(client)
    try second.delete(web)
    #expect(try first.node.traces() + second.node.traces() == [])
  }

  @Test("with a subnet of IPv6 only, a pod has no IPv4 address")
  func ipv6() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let text = """
      FLANNEL_IPV6_NETWORK=fd00:10:244::/48
      FLANNEL_IPV6_SUBNET=fd00:10:244::1/64
      FLANNEL_MTU=1430
      FLANNEL_IPMASQ=true

      """
    try network.node.write(text, to: network.subnetFile)
    let pod = try Pod()
    #expect(try addresses(try network.add(pod)) == ["fd00:10:244::2"])
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }

  @Test("the pod's interface has the MTU of the file; CHECK passes, and fails once the interface is gone")
  func check() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    // In CHECK Debian's bridge misses routes whose result has no gateway, and flannel's have none.
    var object = try #require(try Field(JSON(parsing: Array(try network.add(pod).utf8))).object())
    object["routes"] = nil
    let result = String(decoding: JSON.object(object).text, as: UTF8.self)
    #expect(try pod.namespace.command("ip", "link", "show", "dev", "eth0").contains("mtu 1450"))
    try network.succeed("CHECK", try network.call("CHECK", pod, previous: result))
    try pod.namespace.ip("link delete eth0")
    let outcome = try network.call("CHECK", pod, previous: result)
    #expect(outcome.status != 0)
    #expect(errorObject(outcome) != nil)
    try network.delete(pod, previous: result)
    #expect(try network.node.traces() == [])
  }

  @Test("without the file ADD is to be tried again and STATUS is not ready; both name the file")
  func missingFile() throws {
    var network = FlannelNetwork(on: try FlannelNode())
    try network.node.remove(network.subnetFile)
    let error = try #require(errorObject(try network.call("ADD", try Pod())))
    #expect(error.code == 11)
    #expect(error.message.contains(network.subnetFile))
    network.version = "1.1.0"
    let status = try #require(errorObject(try network.call("STATUS")))
    #expect(status.code == 50)
    #expect(status.message.contains(network.subnetFile))
    #expect(try network.node.traces() == [])
  }

  @Test(
    "an incomplete file counts as missing, and the missing key is named",
    arguments: [
      ("", "FLANNEL_SUBNET"),
      ("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUB", "FLANNEL_SUBNET"),
      ("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n", "FLANNEL_SUBNET"),
      ("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n", "FLANNEL_SUBNET"),
      ("FLANNEL_SUBNET=10.244.0.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n", "FLANNEL_NETWORK"),
      ("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.0.1/24\nFLANNEL_IPMASQ=true\n", "FLANNEL_MTU"),
      ("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.0.1/24\nFLANNEL_MTU=1450\n", "FLANNEL_IPMASQ"),
    ])
  func incompleteFile(text: String, missing: String) throws {
    var network = FlannelNetwork(on: try FlannelNode())
    try network.node.write(text, to: network.subnetFile)
    let error = try #require(errorObject(try network.call("ADD", try Pod())))
    #expect(error.code == 11)
    #expect(error.message.contains(missing))
    network.version = "1.1.0"
    #expect(errorObject(try network.call("STATUS"))?.code == 50)
    #expect(try network.node.traces() == [])
  }

  @Test("carriage returns, blank lines, comments, quotes, unknown keys and lines without an equals sign do no harm")
  func untidyFile() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let lines = [
      "# FLANNEL_NETWORK=192.0.2.0/24", "", "FLANNEL_NETWORK=\"10.244.0.0/16\"", "FLANNEL_SUBNET='10.244.0.1/24'",
      "   ", "nonsense", "=", "FLANNEL_FUTURE=a=b", "FLANNEL_MTU=1400", "FLANNEL_IPMASQ=true",
    ]
    try network.node.write(lines.joined(separator: "\r\n"), to: network.subnetFile)
    let pod = try Pod()
    #expect(try addresses(try network.add(pod)) == ["10.244.0.2"])
    #expect(try pod.namespace.command("ip", "link", "show", "dev", "eth0").contains("mtu 1400"))
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }
}
