// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A JSON value (RFC 8259).
package enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// The kind of value for messages, and the value itself if it is short.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(40))\(value.count > 40 ? "…" : "")\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// The members of an object, in the order in which they were written.
package struct JSONObject: Equatable, Sendable {
  package struct Member: Equatable, Sendable {
    package var name: String
    package var value: JSON
  }

  package private(set) var members: [Member] = []

  package init() {}

  package init(_ members: KeyValuePairs<String, JSON>) {
    for (name, value) in members { append(name, value) }
  }

  /// Appends a member; the name must be new.
  package mutating func append(_ name: String, _ value: JSON) {
    members.append(Member(name: name, value: value))
  }

  /// The member of exactly this name; nil removes it.
  package subscript(name: String) -> JSON? {
    get { members.first { $0.name == name }?.value }
    set {
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): append(name, value)
      case (nil, nil): break
      }
    }
  }

  /// The member with this name, else the last one whose name differs only in the case of ASCII letters: Go's decoder accepts
  /// both, so runtimes send both.
  package func known(_ name: String) -> Member? {
    members.first { $0.name == name } ?? members.last { $0.name.equalsIgnoringASCIICase(name) }
  }

  /// Removes all spellings of a name; returns the value that `known` would have found.
  package mutating func take(_ name: String) -> JSON? {
    guard let found = known(name) else { return nil }
    members.removeAll { $0.name.equalsIgnoringASCIICase(name) }
    return found.value
  }
}

extension String {
  /// Whether both are equal, ignoring the case of ASCII letters.
  package func equalsIgnoringASCIICase(_ other: String) -> Bool {
    utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { Self.folded($0) == Self.folded($1) }
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
  }
}
