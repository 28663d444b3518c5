// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// What is wrong with a network configuration, and where.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file's path; nil if the text did not come from a file.
  public var file: String?
  /// The line in the file, counted from 1; nil if there is none to name.
  public var line: Int?
  /// The path of the field, such as `plugins[1].type`; empty for the document as a whole.
  public var field: String
  /// What is wrong, in libcni's words where it has any.
  public var message: String
  /// What was expected instead; may be empty.
  public var hint: String
  /// Where a network was looked for by name and not found: what is wrong with the files that could not be read.
  public var others: [ConfigurationError]

  /// Makes an error about a field of a file.
  public init(
    file: String? = nil, line: Int? = nil, field: String = "", message: String, hint: String = "",
    others: [ConfigurationError] = []
  ) {
    self.file = file
    self.line = line
    self.field = field
    self.message = message
    self.hint = hint
    self.others = others
  }

  /// `FILE:LINE: FIELD: MESSAGE (HINT)`, and the other errors each in a line of its own.
  public var description: String {
    let place = [file, file == nil ? nil : line.map(String.init)].compactMap { $0 }.joined(separator: ":")
    let parts = [place, field, message].filter { !$0.isEmpty }.joined(separator: ": ")
    let first = hint.isEmpty ? parts : "\(parts) (\(hint))"
    return ([first] + others.map(\.description)).joined(separator: "\n")
  }
}
