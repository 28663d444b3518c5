// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS
import TestSupport
import Testing

/// What Debian's podman 4.3.1 and containerd 1.6.20 have left in libcni's cache.
@Suite("cnitool and other runtimes", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolForeignTests {
  struct Recording: Sendable, CustomTestStringConvertible {
    let runtime: String
    let containerID: String
    let address: String
    let namespace: String
    /// The interface's hardware address.
    let mac: String
    let hostInterface: String
    let bridgeMAC: String
    var testDescription: String { runtime }

    var text: String {
      get throws {
        let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Fixtures"
        return String(
          decoding: try FileDescriptor.open("\(folder)/cache-\(runtime).json").readAll(), as: UTF8.self)
      }
    }
  }

  static let recordings = [
    Recording(
      runtime: "podman", containerID: "d5686d723841a2be12552c29485374bd33494db2bedbd9f7d8dfa7092a1bf498",
      address: "10.90.0.2", namespace: "/run/netns/netns-212cf810-764f-706f-533b-3610ad7e5814",
      mac: "02:00:00:00:00:42", hostInterface: "veth0e7ee194",
      bridgeMAC: "f2:f1:01:4d:94:47"),
    Recording(
      runtime: "containerd", containerID: "default-one", address: "10.90.0.6", namespace: "/proc/283/ns/net",
      mac: "da:db:2f:b9:61:94", hostInterface: "vethe60ccaf3", bridgeMAC: "f2:f1:01:4d:94:47"),
  ]

  private let node: ToolNode

  init() throws {
    node = try ToolNode()
    try node.addNetwork(
      "masq", version: "1.0.0",
      """
      {"type": "bridge", "bridge": "masq0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
       "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "10.90.0.0/24"}]]}}
      """, ToolNode.portmap,
      #"{"type": "bandwidth", "capabilities": {"bandwidth": true}, "ingressRate": 80000000, "ingressBurst": 8000000}"#,
      #"{"type": "firewall", "ingressPolicy": "same-bridge"}"#, ToolNode.tuning)
  }

  private func write(_ text: String, _ recording: Recording) throws {
    try node.folder.add(text, named: "cache", mode: "600")
    try node.shell(
      """
      mkdir -p /var/lib/cni/results
      cp \(node.folder.path)/cache /var/lib/cni/results/masq-\(recording.containerID)-eth0
      """)
  }

  @Test(
    "a recorded attachment is listed with its address and namespace, and deleted as the namespace is gone",
    arguments: recordings)
  func listed(recording: Recording) throws {
    // No process of the test machine has this number.
    let namespace = "/proc/4194305/ns/net"
    try write(recording.text.replacing(recording.namespace, with: namespace), recording)
    let list = try #require(try Field(JSON(parsing: node.tool("attachments", "--json").output)).array())
    let entry = try #require(list.first)
    #expect(list.count == 1)
    #expect(try entry["containerID"].string() == recording.containerID)
    #expect(try entry["addresses"].strings() == ["\(recording.address)/24"])
    #expect(try entry["namespace"].string() == namespace && entry["state"].string() == "gone")
    #expect(try node.tool("gc", "masq").status == 0)
    #expect(try node.leftovers() == "")
  }

  @Test("an attachment in the form of another runtime is checked and deleted by its ID", arguments: recordings)
  func checked(recording: Recording) throws {
    let recorded = try Field(JSON(parsing: Array(recording.text.utf8)))
    let environment = [
      "CNI_ARGS": "IgnoreUnknown=1;IP=\(recording.address);MAC=\(recording.mac)",
      "CAP_ARGS": String(decoding: (recorded["capabilityArgs"].value ?? .object(JSONObject())).text, as: UTF8.self),
    ]
    try node.shell("ip netns add c1")
    let words = ["masq", "/run/netns/c1", "--id", recording.containerID]
    let added = try node.run([ToolNode.tool, "add"] + words, environment: environment)
    #expect(added.status == 0, "\(added.errorText)")
    let interfaces = try #require(try Field(JSON(parsing: added.output))["interfaces"].array())
    try #require(interfaces.count == 3)
    var text = try recording.text.replacing(recording.namespace, with: "/run/netns/c1")
    text = text.replacing(recording.bridgeMAC, with: try interfaces[0]["mac"].string() ?? "")
    let veth = try node.shell("ip -o link show type veth").split(separator: " ").dropFirst().first ?? ""
    text = text.replacing(recording.hostInterface, with: String(veth.prefix { $0 != "@" && $0 != ":" }))
    try write(text, recording)
    func call(_ verb: String) throws -> Outcome { try node.run([ToolNode.tool, verb] + words) }
    let good = try call("check")
    #expect(good.status == 0, "\(good.errorText)")
    try node.shell("ip netns exec c1 ip address flush dev eth0 scope global")
    #expect(try call("check").status == 1)
    #expect(try node.tool("gc", "masq").status == 0)
    #expect(try node.shell("$CNITOOL attachments | grep -c alive") == "1\n")
    let deleted = try call("del")
    #expect(deleted.status == 0, "\(deleted.errorText)")
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }
}
