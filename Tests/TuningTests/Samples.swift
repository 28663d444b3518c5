// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Skel

@testable import Tuning

/// Configurations and calls that tests begin with.
enum Sample {
  static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")

  static let result = """
    {"cniVersion":"1.1.0","interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/x"}],\
    "ips":[{"address":"10.22.0.5/16","interface":1}],"x.y/z":[1]}
    """

  /// A configuration with other members after the usual ones.
  static func config(_ members: String = "", result: String? = result) -> String {
    var all = [#""cniVersion":"1.1.0""#, #""name":"net""#, #""type":"tuning""#]
    if let result { all.append(#""prevResult":\#(result)"#) }
    if !members.isEmpty { all.append(members) }
    return "{\(all.joined(separator: ","))}"
  }

  static func network(_ members: String) throws -> NetworkConfig {
    let text = config(members)
    return try NetworkConfig(try Field(text), text: Array(text.utf8))
  }

  /// A call that cannot enter the container's namespace.
  static func request(
    _ members: String = "", arguments: String = "", interface: String = "eth0"
  ) throws -> Request {
    let owner = CNI.Attachment(network: "net", containerID: "id", interface: interface)
    return Request(
      config: try network(members), attachment: owner, namespace: "/nonexistent/namespace",
      arguments: arguments)
  }

  static func options(
    _ members: String = "", arguments: String = "", interface: String = "eth0"
  ) throws -> TuningOptions {
    try TuningOptions(try request(members, arguments: arguments, interface: interface))
  }

  /// Lets the plugin answer a call in the namespace of this process.
  static func answer(
    _ verb: String, _ config: String, arguments: String = "", allowlist: String = "/nonexistent/allowlist.conf"
  ) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "id", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin", "CNI_ARGS": arguments,
    ]
    return Call(environment, config).answer { note in Tuning(allowlist: allowlist, note: note) }
  }
}
