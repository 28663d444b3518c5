// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

extension JSON {
  /// Parses a literal of a test.
  package init(_ text: String) throws {
    try self.init(parsing: Array(text.utf8))
  }
}

extension Field {
  /// Parses a literal of a test as a document.
  package init(_ text: String) throws {
    self.init(try JSON(text))
  }
}
