// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NetNS

extension Request {
  /// Runs `body` with the thread in the container's namespace; it is given a descriptor of the one that the plugin was
  /// in. Throws code 4 if there is no such namespace.
  package func inContainer<T>(_ body: (_ home: Int32) throws(CNIError) -> T) throws(CNIError) -> T {
    let convert = { (error: NetworkNamespaceError) in CNIError(.badEnvironment, "CNI_NETNS: \(error)") }
    let home = try Self.open(convert) { () throws(NetworkNamespaceError) in try .current() }
    let container = try Self.open(convert) { () throws(NetworkNamespaceError) in try .open(namespace ?? "") }
    return try container.run(convert) { () throws(CNIError) in try body(home.descriptor) }
  }

  private static func open(
    _ convert: (NetworkNamespaceError) -> CNIError, _ body: () throws(NetworkNamespaceError) -> NetworkNamespace
  ) throws(CNIError) -> NetworkNamespace {
    do {
      return try body()
    } catch {
      throw convert(error)
    }
  }
}
