// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

extension JSON {
  /// Reads a value that a test has written down.
  package init(_ text: String) throws {
    try self.init(parsing: Array(text.utf8))
  }
}

extension Field {
  /// A document that a test has written down.
  package init(_ text: String) throws {
    self.init(try JSON(text))
  }
}
