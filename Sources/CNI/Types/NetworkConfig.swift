// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// A plugin's configuration, from stdin (CNI specification, "Execution configuration").
package struct NetworkConfig: Sendable {
  /// The whole document.
  package let document: Field
  package let version: SpecVersion
  package let name: String
  /// The document as it was read, for a delegate that gets the same.
  package let text: [UInt8]

  /// Reads the members that all configurations have. Throws code 1 for an unknown version, code 7 for an invalid name.
  package init(_ document: Field, text: [UInt8] = []) throws(CNIError) {
    self.text = text
    version = try Self.version(of: document)
    let name = try reporting { () throws(FieldError) in try document["name"].string() }
    guard let name else { throw CNIError(document["name"].expected("the network's name")) }
    guard isIdentifier(name) else {
      throw CNIError(document["name"].expected(identifierRule))
    }
    self.name = name
    self.document = document
  }

  /// Parses a JSON object; throws code 6 for anything else.
  package static func document(parsing text: [UInt8]) throws(CNIError) -> Field {
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      throw CNIError(.cannotDecode, "stdin: expected the configuration in JSON: \(error)")
    }
    guard case .object = json else {
      throw CNIError(.cannotDecode, "stdin: expected the configuration as a JSON object, found \(json.summary)")
    }
    return Field(json)
  }

  /// The document's `cniVersion`; throws code 1 if it is unknown, code 7 if it is not a string.
  package static func version(of document: Field) throws(CNIError) -> SpecVersion {
    let field = document["cniVersion"]
    let text = try reporting { () throws(FieldError) in try field.string() }
    guard let text else { return .implied }
    guard let version = SpecVersion(rawValue: text) else {
      let known = SpecVersion.allCases.map(\.rawValue).joined(separator: ", ")
      throw CNIError(.incompatibleVersion, "\(field.path): \"\(text)\" is not one of \(known)")
    }
    return version
  }

  /// Throws code 7 if an object has two members of one name.
  package func requireUniqueNames() throws(CNIError) {
    do {
      try JSON.requireUniqueNames(text)
    } catch {
      throw CNIError(.invalidConfiguration, "stdin: \(error)")
    }
  }

  package var runtimeConfig: Field { document["runtimeConfig"] }

  /// The result of the previous plugins of the chain; nil if this is the first.
  package func previousResult() throws(CNIError) -> NetworkResult? {
    let field = document["prevResult"]
    guard field.isPresent else { return nil }
    return try reporting { () throws(FieldError) in try NetworkResult(decoding: field, implied: version) }
  }

  /// The same for a plugin that cannot be the first; throws code 7 if it is.
  package func previousResult(requiredBy plugin: String) throws(CNIError) -> NetworkResult {
    guard let result = try previousResult() else {
      let wanted = "the result of the plugins before (\(plugin) is a chained plugin)"
      throw CNIError(document["prevResult"].expected(wanted))
    }
    return result
  }

  /// GC's list of valid attachments; nil if it is missing, so that GC must remove nothing; empty for `null` and `[]`.
  package func validAttachments() throws(CNIError) -> Set<AttachmentID>? {
    guard case .object(let object) = document.value else { return nil }
    for key in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
      guard let member = object.known(key) else { continue }
      return try reporting { () throws(FieldError) in
        var valid: Set<AttachmentID> = []
        for item in try Field(path: key, member.value).array() ?? [] {
          guard let id = try item["containerID"].string() else { throw item["containerID"].expected("a container ID") }
          guard let interface = try item["ifname"].string() else { throw item["ifname"].expected("an interface name") }
          valid.insert(AttachmentID(containerID: id, interface: interface))
        }
        return valid
      }
    }
    return nil
  }
}
