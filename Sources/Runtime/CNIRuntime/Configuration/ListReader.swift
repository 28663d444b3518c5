// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

/// Reads the text of a network configuration; its errors name file, line and field, and begin with libcni's words.
struct ListReader {
  let path: String?
  private let text: [UInt8]
  private let object: JSONObject
  /// Whether the text is a single plugin's configuration.
  let isSinglePlugin: Bool

  init(_ text: [UInt8], _ path: String?) throws(ConfigurationError) {
    self.text = text
    self.path = path
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      throw ConfigurationError(file: path, line: error.line, message: "\(Self.prefix)\(error)", hint: "expected JSON")
    }
    guard case .object(let object) = json else {
      throw ConfigurationError(
        file: path, line: 1, message: "\(Self.prefix)found \(json.summary)", hint: "expected an object")
    }
    self.object = object
    isSinglePlugin = object["plugins"] == nil && object.known("type") != nil
  }

  static let prefix = "error parsing configuration list: "

  func list() throws(ConfigurationError) -> NetworkList {
    let name = try name()
    let version = try version()
    return try NetworkList(self, name: name, version: version, plugins: plugins())
  }

  /// What libcni would cache: a single plugin becomes a list.
  func listText(name: String, version: String) -> [UInt8] {
    if !isSinglePlugin { return text }
    let list = JSONObject(["name": .string(name), "cniVersion": .string(version), "plugins": .array([.object(object)])])
    return JSON.object(list).goText()
  }

  /// An error about a field of the list; `message` follows libcni's beginning.
  func failure(_ field: String, _ message: String, expected hint: String) -> ConfigurationError {
    ConfigurationError(
      file: path, line: JSON.line(ofField: field, in: text), field: field, message: Self.prefix + message, hint: hint)
  }

  private func name() throws(ConfigurationError) -> String {
    guard let value = object["name"] else { throw failure("name", "no name", expected: "the network's name") }
    guard case .string(let name) = value else {
      throw failure("name", "invalid name type \(value.goType)", expected: "a string")
    }
    if name.isEmpty { throw failure("name", "no name", expected: "the network's name") }
    guard isIdentifier(name) else {
      throw failure("name", "invalid characters found in network name \(name.inGoQuotes)", expected: identifierRule)
    }
    return name
  }

  /// The highest of `cniVersions` and `cniVersion` that this library speaks; alone, `cniVersion` may be any.
  private func version() throws(ConfigurationError) -> String {
    var named = ""
    if let value = object["cniVersion"] {
      guard case .string(let text) = value else {
        throw failure("cniVersion", "invalid cniVersion type \(value.goType)", expected: "a string")
      }
      named = text
    }
    guard let value = object["cniVersions"] else { return named }
    guard case .array(let items) = value else {
      throw failure("cniVersions", "invalid type for cniVersions: \(value.goType)", expected: "a list of versions")
    }
    var known: [(version: ProtocolVersion, text: String)] = []
    for (index, item) in items.enumerated() {
      let field = "cniVersions[\(index)]"
      guard case .string(let text) = item else {
        let message = "invalid type for cniVersions index \(index): \(item.goType)"
        throw failure(field, message, expected: "a version, such as \"1.0.0\"")
      }
      guard let version = ProtocolVersion(text) else {
        let message = "invalid cniVersions entry \(text) at index \(index)"
        throw failure(field, message, expected: "a version, such as \"1.0.0\"")
      }
      known.append((version, text))
    }
    if !named.isEmpty {
      guard let version = ProtocolVersion(named) else {
        throw failure("cniVersion", "invalid cniVersion \(named)", expected: "a version, such as \"1.0.0\"")
      }
      known.append((version, named))
    }
    let best = known.filter { $0.version <= .current }.max { $0.version < $1.version }
    return best?.text ?? named
  }

  /// A value that is true or false, or one of these words in any case; false if it is missing.
  func bool(_ key: String) throws(ConfigurationError) -> Bool {
    switch object[key] {
    case nil: return false
    case .bool(let value): return value
    case .string(let text):
      switch text.lowercased() {
      case "true": return true
      case "false": return false
      default:
        throw failure(key, "invalid value \(text.lowercased().inGoQuotes) for \(key)", expected: "true or false")
      }
    case let value?: throw failure(key, "invalid type \(value.goType) for \(key)", expected: "true or false")
    }
  }

  private func plugins() throws(ConfigurationError) -> [PluginConfiguration] {
    if isSinglePlugin { return [try plugin(Field(.object(object)), "")] }
    guard let value = object["plugins"] else {
      if try bool("loadOnlyInlinedPlugins") {
        throw failure(
          "plugins", "`loadOnlyInlinedPlugins` is true, and no 'plugins' key", expected: "a list of plugins")
      }
      return []
    }
    guard case .array(let items) = value else {
      throw failure("plugins", "invalid 'plugins' type \(value.goType)", expected: "a list of plugins")
    }
    if items.isEmpty { throw failure("plugins", "no plugins in list", expected: "at least one plugin") }
    var plugins: [PluginConfiguration] = []
    for (index, item) in items.enumerated() {
      let field = Field(path: "plugins[\(index)]", item)
      plugins.append(try plugin(field, "failed to parse plugin config \(index): "))
    }
    return plugins
  }

  /// The configuration of a plugin, which may be the whole text.
  func plugin(_ field: Field, _ prefix: String) throws(ConfigurationError) -> PluginConfiguration {
    do {
      return try PluginConfiguration(field)
    } catch {
      let reason =
        error.reason.hasPrefix("error parsing") ? error.reason : "error parsing configuration: \(error.reason)"
      throw ConfigurationError(
        file: path, line: JSON.line(ofField: error.path, in: text), field: error.path, message: prefix + reason)
    }
  }

  /// Reads an array of plugins' configurations.
  static func plugins(_ text: [UInt8], _ path: String?) throws(ConfigurationError) -> [PluginConfiguration] {
    do {
      let items = try Field(JSON(parsing: text)).array() ?? []
      return try items.map { try PluginConfiguration($0) }
    } catch {
      throw ConfigurationError(file: path, message: "the plugins beside the list: \(error)")
    }
  }

  /// The configuration of the plugin that the whole text is.
  func wholePlugin() throws(ConfigurationError) -> PluginConfiguration {
    try plugin(Field(.object(object)), "")
  }
}

extension JSON {
  /// The type's name in libcni's messages, which are Go's.
  var goType: String {
    switch self {
    case .null: "<nil>"
    case .bool: "bool"
    case .integer, .real: "float64"
    case .string: "string"
    case .array: "[]interface {}"
    case .object: "map[string]interface {}"
    }
  }
}
