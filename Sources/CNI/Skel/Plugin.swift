// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// What a plugin does; the skeleton has checked the environment and the parts of the configuration that all plugins
/// share.
package protocol Plugin {
  /// The name that runtimes call it by, such as `portmap`.
  var name: String { get }
  /// Makes the attachment what the configuration says, or changes nothing; may be called again.
  func add(_ request: Request) throws(CNIError) -> NetworkResult
  /// Removes what the attachment has; succeeds if nothing is there, whatever the options say.
  func delete(_ request: Request) throws(CNIError)
  /// Throws unless everything is as `add` made it; changes nothing.
  func check(_ request: Request) throws(CNIError)
  /// Removes what the network's attachments own, but for those of the list.
  func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError)
  /// Throws code 50 or 51 unless `add` could work now.
  func status(_ request: NetworkRequest) throws(CNIError)
}

/// A call about a network as a whole.
package struct NetworkRequest: Sendable {
  package let config: NetworkConfig
  /// The variables of the call, for plugins that it is delegated to.
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
  /// The path of the container's network namespace; nil on a DEL that comes without.
  package let namespace: String?
  /// `CNI_ARGS`, for the plugins that read them (see `CNIArguments`); empty if there are none.
  package let arguments: String
  /// The variables of the call, for plugins that it is delegated to.
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
