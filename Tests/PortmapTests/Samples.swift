// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Portmap
import Rules
import Testing

/// Configurations and calls that tests begin with.
enum Sample {
  static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")

  static let mapping = #"{"hostPort":8080,"containerPort":80,"protocol":"tcp"}"#

  /// Addresses of which both families, or one, belong to the container.
  static let dual = ["10.22.0.5/16", "fd00::5/64"]

  static func result(_ addresses: [String]) -> String {
    let ips = addresses.map { #"{"address":"\#($0)","interface":0}"# }.joined(separator: ",")
    return #"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/x"}],"ips":[\#(ips)],"x.y/z":[1]}"#
  }

  /// A configuration with other members after the usual ones.
  static func config(
    _ members: String = "", mappings: String? = "[\(mapping)]", addresses: [String]? = dual
  ) -> String {
    var all = [#""cniVersion":"1.1.0""#, #""name":"net""#, #""type":"portmap""#]
    if let mappings { all.append(#""runtimeConfig":{"portMappings":\#(mappings)}"#) }
    if let addresses { all.append(#""prevResult":\#(result(addresses))"#) }
    if !members.isEmpty { all.append(members) }
    return "{\(all.joined(separator: ","))}"
  }

  static func network(_ text: String) throws -> NetworkConfig { try NetworkConfig(try Field(text)) }

  /// Lets the plugin answer a call in the namespace of this process.
  static func answer(
    _ verb: String, _ config: String, _ backend: RecordingBackend, iptables: RecordingBackend = RecordingBackend(),
    host: PortmapHost = host
  ) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "id", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin",
    ]
    return Call(environment, config).answer { note in
      Portmap(nftables: backend, iptables: { _ in iptables }, host: host, note: note)
    }
  }

  /// A host on which nothing speaks for the tables of iptables.
  static var host: PortmapHost { PortmapHost(hasServiceRules: { false }, hasNFTables: { true }) }

  static func endpoint(_ address: String, _ port: UInt16, _ transport: TransportProtocol = .tcp) throws -> Endpoint {
    Endpoint(address: try #require(IPAddress(address)), transport: transport, port: port)
  }
}
