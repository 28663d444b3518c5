// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A container's interface in a network, as the runtime wants it.
public struct Attachment: Hashable, Sendable {
  /// Letters, digits, `_`, `.` and `-`, the first a letter or digit.
  public var containerID: String
  /// The path of the container's network namespace; nil if a DEL has none any more.
  public var namespace: String?
  /// The interface's name in the container.
  public var interface: String
  /// The pairs of `CNI_ARGS`, in order.
  public var arguments: [Argument]
  /// What plugins get that declare the capability, in `runtimeConfig`.
  public var capabilityArguments: CapabilityArguments

  /// A pair of `CNI_ARGS`.
  public struct Argument: Hashable, Sendable {
    /// The key, such as `IgnoreUnknown`.
    public var name: String
    /// The value; without `;`.
    public var value: String

    /// Makes a pair.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Names what to attach.
  public init(
    containerID: String, namespace: String?, interface: String = "eth0", arguments: [Argument] = [],
    capabilityArguments: CapabilityArguments = CapabilityArguments()
  ) {
    self.containerID = containerID
    self.namespace = namespace
    self.interface = interface
    self.arguments = arguments
    self.capabilityArguments = capabilityArguments
  }

  /// What tells this attachment from others of the same network.
  public var id: AttachmentID { AttachmentID(containerID: containerID, interface: interface) }

  /// `CNI_ARGS`: `KEY=value;KEY=value`.
  var argumentText: String { arguments.map { "\($0.name)=\($0.value)" }.joined(separator: ";") }
}

/// A container and the name of an interface in it.
public struct AttachmentID: Hashable, Sendable, CustomStringConvertible {
  /// The container's ID.
  public let containerID: String
  /// The interface's name in the container.
  public let interface: String

  /// Names an attachment.
  public init(containerID: String, interface: String) {
    self.containerID = containerID
    self.interface = interface
  }

  /// `CONTAINER INTERFACE`.
  public var description: String { "\(containerID) \(interface)" }
}
