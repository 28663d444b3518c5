// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Skel

@testable import Bandwidth

/// Configurations and calls that tests begin with.
enum Sample {
  /// The network's name is one that nobody has, as GC looks at the interfaces of this machine.
  static let owner = CNI.Attachment(network: "swift-cni-unit-test", containerID: "id", interface: "eth0")

  static let result = """
    {"cniVersion":"1.1.0","interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/x"}],\
    "ips":[{"address":"10.22.0.5/16","interface":1}],"x.y/z":[1]}
    """

  /// 8 Mbit/s with a burst of 20,000 bytes towards the container.
  static let limits = #""ingressRate":8000000,"ingressBurst":160000"#

  /// A configuration with other members after the usual ones.
  static func config(_ members: String = "", result: String? = result) -> String {
    var all = [#""cniVersion":"1.1.0""#, #""name":"\#(owner.network)""#, #""type":"bandwidth""#]
    if let result { all.append(#""prevResult":\#(result)"#) }
    if !members.isEmpty { all.append(members) }
    return "{\(all.joined(separator: ","))}"
  }

  /// A configuration in which the rates come from the runtime.
  static func runtime(_ members: String) -> String { #""runtimeConfig":{"bandwidth":{\#(members)}}"# }

  static func network(_ members: String, result: String? = result) throws -> NetworkConfig {
    let text = config(members, result: result)
    return try NetworkConfig(try Field(text), text: Array(text.utf8))
  }

  static func options(_ members: String = "") throws -> BandwidthOptions {
    try BandwidthOptions(try network(members))
  }

  /// A call that cannot enter the container's namespace.
  static func request(_ members: String = "", result: String? = result) throws -> Request {
    Request(
      config: try network(members, result: result), attachment: owner, namespace: "/nonexistent/namespace",
      arguments: "")
  }

  /// Lets the plugin answer a call in the namespace of this process.
  static func answer(_ verb: String, _ config: String, interface: String = "nosuch0") -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": owner.containerID, "CNI_IFNAME": interface,
      "CNI_NETNS": "/proc/self/ns/net", "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin",
    ]
    return Call(environment, config).answer { note in Bandwidth(note: note) }
  }
}
