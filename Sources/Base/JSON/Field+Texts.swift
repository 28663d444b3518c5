// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension Field {
  /// One of these texts; nil if missing.
  package func choice(of choices: [String]) throws(FieldError) -> String? {
    guard let text = try string() else { return nil }
    guard choices.contains(text) else { throw expected(oneOf: choices) }
    return text
  }

  /// The case with this raw value; nil if missing. Inlinable, so that callers do not make a generic type at run time.
  @inlinable
  package func choice<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type = T.self) throws(FieldError) -> T? {
    guard let text = try string() else { return nil }
    guard let choice = T(rawValue: text) else { throw expected(oneOf: T.allCases.map { $0.rawValue }) }
    return choice
  }

  /// An error that lists the allowed texts.
  @usableFromInline
  package func expected(oneOf choices: [String]) -> FieldError {
    expected("one of \(choices.joined(separator: ", "))")
  }

  /// An absolute path; nil if missing.
  package func absolutePath() throws(FieldError) -> String? {
    guard let path = try string() else { return nil }
    if !path.hasPrefix("/") { throw expected("an absolute path") }
    return path
  }
}
