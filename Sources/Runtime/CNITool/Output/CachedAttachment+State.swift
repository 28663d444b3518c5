// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import JSON
import NetNS

extension CachedAttachment {
  enum State: String, Sendable {
    case alive, gone, unknown
    case formerBoot = "former boot"
  }

  /// The path of the container's network namespace: older versions of libcni, as in Debian's podman, keep it in the result alone.
  var namespace: String? {
    if let namespace = attachment.namespace { return namespace }
    let sandboxes = result?.interfaces.filter { $0.name == attachment.interface }.compactMap(\.sandbox) ?? []
    return sandboxes.last { !$0.isEmpty }
  }

  /// Whether the container's network namespace is there.
  var state: State {
    if isOfFormerBoot { return .formerBoot }
    guard let namespace else { return .unknown }
    return (try? NetworkNamespace.open(namespace)) == nil ? .gone : .alive
  }

  var addresses: [String] { result?.addresses.map(\.address) ?? [] }

  var json: JSON {
    var object = JSONObject([
      "network": .string(network), "containerID": .string(attachment.containerID),
      "interface": .string(attachment.interface), "addresses": .array(addresses.map { .string($0) }),
      "ageSeconds": .integer(age.components.seconds), "state": .string(state.rawValue),
    ])
    if let namespace { object.append("namespace", .string(namespace)) }
    return .object(object)
  }
}
