// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Reads an object member by member; the members that were not taken are the unknown ones.
package struct MemberReader {
  private let path: String
  /// The members that were not taken, in order.
  package private(set) var rest: JSONObject

  /// Nil if the field is missing; throws if it is no object.
  package init?(_ field: Field) throws(FieldError) {
    guard let object = try field.object() else { return nil }
    path = field.path
    rest = object
  }

  /// Takes the member with this name, ignoring the case of ASCII letters; returns a missing field if there is none.
  package mutating func take(_ name: String) -> Field {
    let field = Field(path: path, .object(rest))[name]
    _ = rest.take(name)
    return field
  }
}
