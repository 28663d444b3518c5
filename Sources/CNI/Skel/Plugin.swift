// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// A plugin: one function per verb. The skeleton has checked the environment and the common parts of the configuration.
package protocol Plugin {
  /// The name that runtimes call it by, such as `portmap`.
  var name: String { get }
  /// Makes the attachment as configured, or changes nothing and throws. May be called again for the same attachment.
  func add(_ request: Request) throws(CNIError) -> NetworkResult
  /// Removes what the attachment owns; succeeds if there is nothing, and ignores invalid options.
  func delete(_ request: Request) throws(CNIError)
  /// Throws code 102 unless everything is as `add` made it; changes nothing.
  func check(_ request: Request) throws(CNIError)
  /// Removes what attachments of the network own that are not in `valid`.
  func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError)
  /// Throws code 50 or 51 if `add` cannot work on this node now.
  func status(_ request: NetworkRequest) throws(CNIError)
}

/// A call about a network as a whole.
package struct NetworkRequest: Sendable {
  package let config: NetworkConfig
  /// The environment of the call, for delegation.
  package let environment: Environment

  package init(config: NetworkConfig, environment: Environment = Environment([:])) {
    self.config = config
    self.environment = environment
  }
}

/// A call about one attachment.
package struct Request: Sendable {
  package let config: NetworkConfig
  package let attachment: Attachment
  /// The path of the container's network namespace; nil if a DEL has none.
  package let namespace: String?
  /// `CNI_ARGS`, for plugins that read them (see `CNIArguments`); empty if not set.
  package let arguments: String
  /// The environment of the call, for delegation.
  package let environment: Environment

  package init(
    config: NetworkConfig, attachment: Attachment, namespace: String? = nil, arguments: String = "",
    environment: Environment = Environment([:])
  ) {
    self.config = config
    self.attachment = attachment
    self.namespace = namespace
    self.arguments = arguments
    self.environment = environment
  }
}
