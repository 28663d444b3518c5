// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A verb of the protocol: the value of `CNI_COMMAND`.
package enum Verb: String, CaseIterable, Sendable {
  case add = "ADD"
  case delete = "DEL"
  case check = "CHECK"
  case collectGarbage = "GC"
  case status = "STATUS"
  case version = "VERSION"

  /// The requirements of a verb (CNI specification, "Parameters" of each operation).
  struct Requirements {
    /// The variables that must not be empty.
    let variables: [Variable]
    /// The first version of the specification that has this verb.
    let since: SpecVersion
    /// Whether the container's namespace must exist and differ from the plugin's.
    let needsNamespace: Bool
  }

  var requirements: Requirements {
    switch self {
    case .add: Requirements(variables: [.containerID, .namespace, .interface], since: .v0_1_0, needsNamespace: true)
    case .delete: Requirements(variables: [.containerID, .interface], since: .v0_1_0, needsNamespace: false)
    case .check: Requirements(variables: [.containerID, .namespace, .interface], since: .v0_4_0, needsNamespace: true)
    case .collectGarbage: Requirements(variables: [.path], since: .v1_1_0, needsNamespace: false)
    case .status: Requirements(variables: [], since: .v1_1_0, needsNamespace: false)
    case .version: Requirements(variables: [], since: .v0_1_0, needsNamespace: false)
    }
  }
}

/// An environment variable of the protocol.
enum Variable: String, CaseIterable {
  case command = "CNI_COMMAND"
  case containerID = "CNI_CONTAINERID"
  case namespace = "CNI_NETNS"
  case interface = "CNI_IFNAME"
  case arguments = "CNI_ARGS"
  case path = "CNI_PATH"
  case namespaceOverride = "CNI_NETNS_OVERRIDE"
}
