// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// An object that is read member by member: what nobody has taken is what its reader does not know.
package struct MemberReader {
  private let path: String
  /// The members that have not been taken, in their order.
  package private(set) var rest: JSONObject

  /// Nil if the field is missing; throws if it is no object.
  package init?(_ field: Field) throws(FieldError) {
    guard let object = try field.object() else { return nil }
    path = field.path
    rest = object
  }

  /// Takes the member of this name, whatever the case of its letters; missing if there is none.
  package mutating func take(_ name: String) -> Field {
    let field = Field(path: path, .object(rest))[name]
    _ = rest.take(name)
    return field
  }
}
