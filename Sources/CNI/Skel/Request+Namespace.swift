// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NetNS

extension Request {
  /// Runs `body` with the thread in the container's namespace; `home` is a descriptor of the plugin's own. Throws code 4 if the
  /// namespace cannot be entered.
  package func inContainer<T: ~Copyable>(_ body: (_ home: Int32) throws(CNIError) -> T) throws(CNIError) -> T {
    let home = try Self.open { () throws(NetworkNamespaceError) in try .current() }
    return try inside(openNamespace()) { () throws(CNIError) in try body(home.descriptor) }
  }

  /// Opens the container's namespace; throws code 4 if that is none.
  package func openNamespace() throws(CNIError) -> NetworkNamespace {
    try Self.open { () throws(NetworkNamespaceError) in try .open(namespace ?? "") }
  }

  /// Runs `body` with the thread in the container's namespace, which ``openNamespace()`` has opened.
  package func inside<T: ~Copyable>(
    _ container: borrowing NetworkNamespace, _ body: () throws(CNIError) -> T
  ) throws(CNIError) -> T {
    try container.run({ CNIError($0, "CNI_NETNS", as: .badEnvironment) }, body)
  }

  private static func open(
    _ body: () throws(NetworkNamespaceError) -> NetworkNamespace
  ) throws(CNIError) -> NetworkNamespace {
    try reporting("CNI_NETNS", as: .badEnvironment, body)
  }
}

/// Runs `body` with the thread in a new network namespace, which goes when it ends: what the kernel can do is tried out there.
package func inScratchNamespace<T>(_ body: () throws(CNIError) -> T) throws(CNIError) -> T {
  let scratch = try reporting { () throws(NetworkNamespaceError) in try NetworkNamespace.make() }
  return try scratch.run({ CNIError($0) }, body)
}
