// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// What a runtime gives to plugins that declare a capability (`CAP_ARGS`): a JSON value for each capability.
public struct CapabilityArguments: Hashable, Sendable {
  /// The values, in one line of JSON each with sorted members.
  private var values: [String: String] = [:]

  /// No arguments.
  public init() {}

  /// Reads an object whose members are named by capability, such as `{"mac": "02:00:00:00:00:01"}`; null is an object without members.
  public init(json: String) throws(ConfigurationError) {
    let parsed: JSON
    do {
      parsed = try JSON(parsing: Array(json.utf8))
    } catch {
      throw ConfigurationError(line: error.line, message: "capability arguments: \(error)", hint: "expected JSON")
    }
    switch parsed {
    case .object(let object): self.init(object)
    case .null: self.init()
    default:
      let hint = "expected an object with a member for each capability"
      throw ConfigurationError(message: "capability arguments: found \(parsed.summary)", hint: hint)
    }
  }

  init(_ object: JSONObject) {
    for member in object.members { values[member.name] = Self.text(member.value) }
  }

  /// The capabilities, sorted.
  public var capabilities: [String] { values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// Whether there are none.
  public var isEmpty: Bool { values.isEmpty }

  /// All values in one line, as ``init(json:)`` reads it.
  public var json: String { Self.text(.object(object)) }

  /// The value of a capability in JSON; nil if there is none.
  public func json(of capability: String) -> String? { values[capability] }

  /// Sets the value of a capability, in JSON; throws if the text is none.
  public mutating func set(_ capability: String, json: String) throws(ConfigurationError) {
    do {
      values[capability] = Self.text(try JSON(parsing: Array(json.utf8)))
    } catch {
      throw ConfigurationError(field: capability, message: "capability arguments: \(error)", hint: "expected JSON")
    }
  }

  mutating func set(_ capability: String, _ value: JSON) { values[capability] = Self.text(value) }

  /// All values, sorted.
  var object: JSONObject { object { _ in true } }

  /// The values of these capabilities, sorted.
  func object(of capabilities: [String]) -> JSONObject { object { capabilities.contains($0) } }

  private func object(_ isWanted: (String) -> Bool) -> JSONObject {
    var object = JSONObject()
    for name in capabilities where isWanted(name) {
      if let text = values[name], let value = try? JSON(parsing: Array(text.utf8)) { object.append(name, value) }
    }
    return object
  }

  private static func text(_ value: JSON) -> String { String(decoding: value.goText(), as: UTF8.self) }
}
