// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Skel

/// The smallest chained plugin: it passes the result of the plugins before it through, and changes nothing.
///
/// Copy it to begin a plugin; ARCHITECTURE.md, "Adding a plugin", has the steps. The released program does not contain it. The
/// skeleton has checked the environment, the version and the network's name before it calls any of these functions, and
/// prints the result, or the error, in the version of the configuration.
package struct Sample: Plugin {
  package let name = "sample"

  package init() {}

  /// Returns the attachment's result. Throws code 7 if no plugin of the chain ran before.
  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    try request.config.previousResult(requiredBy: name)
  }

  /// Removes what `add` made, which is nothing here. A DEL succeeds if there is nothing to remove, and ignores bad options.
  package func delete(_ request: Request) throws(CNIError) {}

  /// Throws code 102 if something that `add` made is missing or different; here it only needs what `add` needs.
  package func check(_ request: Request) throws(CNIError) {
    _ = try request.config.previousResult(requiredBy: name)
  }

  /// Removes what attachments of the network own that are not in `valid`.
  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {}

  /// Throws code 50 if the node lacks something that `add` needs.
  package func status(_ request: NetworkRequest) throws(CNIError) {}
}
