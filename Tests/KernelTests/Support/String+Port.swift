// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension StringProtocol {
  /// Whether the text has the port as a word of its own: a random ID, or a chain's name, may hold the same digits.
  func mentions(port: Int) -> Bool {
    split { !$0.isLetter && !$0.isNumber }.contains { $0 == "\(port)" }
  }
}
