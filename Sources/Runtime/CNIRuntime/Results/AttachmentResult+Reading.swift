// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

extension AttachmentResult {
  /// Reads what a plugin printed for ADD; `implied` is the version of the configuration. Throws a text that says what is wrong.
  init(printed output: [UInt8], implied: String) throws(InvalidResult) {
    let json: JSON
    do {
      json = try JSON(parsing: output)
    } catch {
      throw InvalidResult(description: "the plugin's result is not JSON: \(error)")
    }
    // `null` is read as an object without members.
    try self.init(json == .null ? .object(JSONObject()) : json, implied: implied)
  }

  /// Reads a result, such as one of the cache.
  init(_ json: JSON, implied: String) throws(InvalidResult) {
    let field = Field(json)
    let named: String?
    do {
      named = try field["cniVersion"].string()
    } catch {
      throw InvalidResult(description: "\(error)")
    }
    let text = named ?? (implied.isEmpty ? SpecVersion.implied.rawValue : implied)
    guard let version = SpecVersion(rawValue: text) else {
      throw InvalidResult(description: "unsupported CNI result version \(text.inGoQuotes)")
    }
    do {
      self.init(try NetworkResult(decoding: field, implied: version), version)
    } catch {
      throw InvalidResult(description: "the plugin's result: \(error)")
    }
  }

  /// The result in another version, as JSON; nil if this library does not know that.
  func json(in version: String) -> JSON? {
    let text = version.isEmpty ? SpecVersion.implied.rawValue : version
    return SpecVersion(rawValue: text).map { contents.encoded($0) }
  }
}

struct InvalidResult: Error, Equatable, CustomStringConvertible {
  let description: String
}
