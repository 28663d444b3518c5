// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A value at a path of a document, with readers for the expected types. Null is treated as missing.
@usableFromInline
package struct Field: Sendable {
  /// The path of the value, such as `runtimeConfig.portMappings[1].hostPort`; empty for the document itself.
  package let path: String
  /// Nil if it is missing or null.
  package let value: JSON?

  package init(path: String = "", _ value: JSON?) {
    self.path = path
    self.value = value == .null ? nil : value
  }

  package var isPresent: Bool { value != nil }

  /// The member with this name, ignoring the case of ASCII letters; a missing field if this is not an object.
  package subscript(_ name: String) -> Field {
    guard case .object(let object) = value, let member = object.known(name) else { return Field(path: join(name), nil) }
    return Field(path: join(member.name), member.value)
  }

  /// An error that says what was expected at this path, and what was found.
  package func expected(_ what: String) -> FieldError {
    FieldError(path: path, reason: "expected \(what), found \(value?.summary ?? "nothing")")
  }

  private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// A field with a value of the wrong type or range.
@usableFromInline
package struct FieldError: Error, Equatable, CustomStringConvertible {
  /// The path of the field; empty for the document itself.
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  @usableFromInline
  package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

extension Field {
  /// The members; nil if missing.
  package func object() throws(FieldError) -> JSONObject? {
    switch value {
    case nil: return nil
    case .object(let object): return object
    default: throw expected("an object")
    }
  }

  /// The items; nil if missing.
  package func array() throws(FieldError) -> [Field]? {
    switch value {
    case nil: return nil
    case .array(let items): return items.enumerated().map { Field(path: "\(path)[\($0)]", $1) }
    default: throw expected("a list")
    }
  }

  /// The text; nil if missing or empty, because runtimes send empty strings for unset values.
  @usableFromInline
  package func string() throws(FieldError) -> String? {
    switch value {
    case nil: return nil
    case .string(let text): return text.isEmpty ? nil : text
    default: throw expected("a string")
    }
  }

  /// The texts of a list; nil if missing.
  package func strings() throws(FieldError) -> [String]? {
    guard let items = try array() else { return nil }
    var texts: [String] = []
    for item in items {
      guard case .string(let text)? = item.value else { throw item.expected("a string") }
      texts.append(text)
    }
    return texts
  }

  package func bool() throws(FieldError) -> Bool? {
    switch value {
    case nil: return nil
    case .bool(let value): return value
    default: throw expected("true or false")
    }
  }

  /// An integer in the range; nil if missing. A number written with a fraction or an exponent is accepted if its value is integral.
  package func integer(in range: ClosedRange<Int>) throws(FieldError) -> Int? {
    let number: Int?
    switch value {
    case nil: return nil
    case .integer(let value): number = Int(exactly: value)
    case .real(let value): number = Int(exactly: value)
    default: number = nil
    }
    guard let number, range.contains(number) else {
      throw expected("a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  /// The same for unsigned 64-bit numbers; from 2⁶³ on they have 53 bits of precision.
  package func unsigned(in range: ClosedRange<UInt64>) throws(FieldError) -> UInt64? {
    let number: UInt64?
    switch value {
    case nil: return nil
    case .integer(let value): number = UInt64(exactly: value)
    // UInt64.max is rounded to 2⁶⁴.
    case .real(let value): number = value == 0x1p64 ? .max : UInt64(exactly: value)
    default: number = nil
    }
    guard let number, range.contains(number) else {
      throw expected("a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }
}
