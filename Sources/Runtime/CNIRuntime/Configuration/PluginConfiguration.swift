// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// The configuration of one plugin in a network.
public struct PluginConfiguration: Equatable, Sendable {
  /// The plugin's name, which is that of its executable file.
  public let type: String
  /// The name that the plugin's own configuration has, which the network's replaces.
  public let name: String?
  /// The capabilities that the plugin declares: it gets the capability arguments of these names and no others. Sorted.
  public let capabilities: [String]
  /// All members, those included that this library does not know.
  let object: JSONObject

  /// All members in one line of JSON, sorted by name.
  public var json: String { String(decoding: JSON.object(object).goText(), as: UTF8.self) }

  /// The type in libcni's words, such as `type="bridge"`.
  var description: String {
    let name = name.map { " name=\($0.inGoQuotes)" } ?? ""
    return "type=\(type.inGoQuotes)\(name)"
  }

  /// Reads a plugin's object.
  init(_ field: Field) throws(FieldError) {
    guard let object = try field.object() else { throw field.expected("an object") }
    guard let type = try field["type"].string() else {
      throw FieldError(path: field["type"].path, reason: "error parsing configuration: missing 'type'")
    }
    if type.contains("/") { throw FieldError(path: field["type"].path, reason: "invalid plugin name: \(type)") }
    // A NUL would end the path of another program.
    if type.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
      throw FieldError(path: field["type"].path, reason: "invalid plugin name: \(type.inGoQuotes)")
    }
    self.type = type
    self.object = object
    name = try field["name"].string()
    var capabilities: [String] = []
    for member in try field["capabilities"].object()?.members ?? [] {
      let path = "\(field["capabilities"].path).\(member.name)"
      if try Field(path: path, member.value).bool() == true { capabilities.append(member.name) }
    }
    self.capabilities = capabilities.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension String {
  /// The text as Go's `%q` prints it.
  var inGoQuotes: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += #"\""#
      case "\\": text += #"\\"#
      case "\n": text += #"\n"#
      case "\r": text += #"\r"#
      case "\t": text += #"\t"#
      case "\0"..."\u{1f}", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        text += #"\x"# + (digits.utf8.count == 1 ? "0" : "") + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
