// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import OS
import Skel
import Sysctl

/// Tries out what an ADD needs of the node, as far as that is known before there is a container.
enum Probe {
  /// Throws what cannot be done; changes nothing.
  static func run(_ options: TuningOptions) throws(CNIError) {
    try reporting("dataDir") { () throws(SystemError) in try Folder.check(options.dataDirectory) }
    // The interface, and so its parameters, come with the container.
    let parameters = options.parameters.filter { !$0.key.namesInterface }
    if parameters.isEmpty, options.features.isEmpty { return }
    // Containers have other parameters than this namespace.
    try inScratchNamespace { () throws(CNIError) in
      for parameter in parameters where !Sysctl(parameter.key).exists {
        throw CNIError(.invalidConfiguration, "\(parameter.path): a container has no \(Sysctl(parameter.key).path)")
      }
      if options.features.isEmpty { return }
      _ = try reporting { () throws(NetlinkError) in try GenericSocket.open().ethtool() }
    }
  }
}
