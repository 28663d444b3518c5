// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// What a plugin is called for: the values of `CNI_COMMAND`.
public enum Verb: String, CaseIterable, Sendable {
  /// Attach a container.
  case add = "ADD"
  /// Detach it.
  case delete = "DEL"
  /// Is the attachment as it was made?
  case check = "CHECK"
  /// Remove what no valid attachment owns.
  case collectGarbage = "GC"
  /// Could a container be attached now?
  case status = "STATUS"
  /// Which versions of the specification does the plugin speak?
  case version = "VERSION"

  /// The verb in error messages, as libcni has it.
  var word: String { self == .delete ? "delete" : rawValue.lowercased() }
}
