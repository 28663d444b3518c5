// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NetNS
import Netlink
import OS
import Skel
import Sysctl

/// Tries out what an ADD needs of the node, as far as that is known before there is a container.
enum Probe {
  /// Throws what cannot be done; changes nothing.
  static func run(_ options: TuningOptions, _ dataDirectory: String) throws(CNIError) {
    try accessFiles("dataDir") { () throws(SystemError) in try Folder.check(dataDirectory) }
    // The interface, and so its parameters, come with the container.
    let parameters = options.parameters.filter { !$0.key.namesInterface }
    if parameters.isEmpty, options.features.isEmpty { return }
    // Containers have other parameters than this namespace.
    let convert = { (error: NetworkNamespaceError) in CNIError(.kernelRefused, "\(error)") }
    let scratch: NetworkNamespace
    do {
      scratch = try NetworkNamespace.make()
    } catch {
      throw convert(error)
    }
    try scratch.run(convert) { () throws(CNIError) in
      for parameter in parameters where !Sysctl(parameter.key).exists {
        throw CNIError(.invalidConfiguration, "\(parameter.path): a container has no \(Sysctl(parameter.key).path)")
      }
      if options.features.isEmpty { return }
      do throws(NetlinkError) {
        _ = try GenericSocket.open().ethtool()
      } catch {
        throw CNIError(.kernelRefused, "\(error)")
      }
    }
  }
}
