// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON

@testable import Flannel

/// What tests begin with.
enum Sample {
  /// What flanneld writes for a node with subnets of both families.
  static let subnetText = """
    FLANNEL_NETWORK=10.244.0.0/16
    FLANNEL_SUBNET=10.244.3.1/24
    FLANNEL_IPV6_NETWORK=fd00:10:244::/48
    FLANNEL_IPV6_SUBNET=fd00:10:244:3::1/64
    FLANNEL_MTU=1450
    FLANNEL_IPMASQ=true

    """

  static func subnet(_ text: String) throws -> SubnetFile { try SubnetFile(Array(text.utf8)) }

  /// What flanneld writes for a node with a subnet of IPv4.
  static func subnet(masquerades: Bool = true) throws -> SubnetFile {
    try subnet(
      """
      FLANNEL_NETWORK=10.244.0.0/16
      FLANNEL_SUBNET=10.244.3.1/24
      FLANNEL_MTU=1450
      FLANNEL_IPMASQ=\(masquerades)
      """)
  }

  /// A configuration with these members.
  static func config(_ members: String = "", version: String = "1.0.0") throws -> NetworkConfig {
    let rest = members.isEmpty ? "" : ",\(members)"
    return try NetworkConfig(
      try Field(#"{"cniVersion":"\#(version)","name":"net","type":"flannel"\#(rest)}"#))
  }

  static func owner(_ network: String = "net", _ containerID: String = "id", _ interface: String = "eth0")
    -> CNI.Attachment
  {
    CNI.Attachment(network: network, containerID: containerID, interface: interface)
  }
}

extension JSON {
  /// The same with the members of every object in the order of their names.
  var sorted: JSON {
    switch self {
    case .array(let items): return .array(items.map(\.sorted))
    case .object(let object):
      var copy = JSONObject()
      for member in object.members.sorted(by: { $0.name < $1.name }) { copy.append(member.name, member.value.sorted) }
      return .object(copy)
    default: return self
    }
  }
}
