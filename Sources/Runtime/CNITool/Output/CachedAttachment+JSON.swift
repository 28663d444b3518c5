// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import JSON

extension CachedAttachment {
  var addresses: [String] { result?.addresses.map(\.address) ?? [] }

  var json: JSON {
    var object = JSONObject([
      "network": .string(network), "containerID": .string(attachment.containerID),
      "interface": .string(attachment.interface), "addresses": .array(addresses.map { .string($0) }),
      "ageSeconds": .integer(age.components.seconds), "state": .string(state.rawValue),
    ])
    if let namespace = attachment.namespace { object.append("namespace", .string(namespace)) }
    return .object(object)
  }
}
