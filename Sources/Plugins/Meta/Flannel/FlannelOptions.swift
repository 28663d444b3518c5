// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

/// The configuration of the plugin.
struct FlannelOptions: Sendable {
  /// The path of the file that flanneld writes.
  let subnetFile: String
  /// The folder for the delegates' configurations.
  let dataDirectory: String
  /// The members that the delegate's configuration begins with.
  let delegate: JSONObject
  /// The members that the delegate's IPAM configuration begins with.
  let ipam: JSONObject
  /// How long a call of the delegate may take, in seconds.
  let timeout: Int
  /// The delegate's name.
  let type: String

  init(_ config: NetworkConfig) throws(FieldError) {
    let document = config.document
    subnetFile = try document["subnetFile"].absolutePath() ?? Self.usualSubnetFile
    dataDirectory = try document["dataDir"].absolutePath() ?? Self.usualDataDirectory
    timeout = try Self.timeout(document["delegateTimeout"]) ?? Self.usualTimeout
    ipam = try document["ipam"].object() ?? JSONObject()
    _ = try document["ipam"]["routes"].array()
    let field = document["delegate"]
    for name in ["name", "ipam"] where field[name].isPresent {
      throw FieldError(path: field[name].path, reason: "must not be there: flannel sets it")
    }
    delegate = try field.object() ?? JSONObject()
    type = try Self.type(field["type"]) ?? "bridge"
  }

  /// The valid options, with defaults for the rest: for DEL and GC, which must work whatever the configuration says.
  init(lenient config: NetworkConfig) {
    if let options = try? FlannelOptions(config) {
      self = options
      return
    }
    let document = config.document
    subnetFile = Self.lenient(document["subnetFile"].absolutePath) ?? Self.usualSubnetFile
    dataDirectory = Self.lenient(document["dataDir"].absolutePath) ?? Self.usualDataDirectory
    timeout =
      Self.lenient { () throws(FieldError) in try Self.timeout(document["delegateTimeout"]) } ?? Self.usualTimeout
    var ipam = Self.lenient(document["ipam"].object) ?? JSONObject()
    if (try? document["ipam"]["routes"].array()) == nil { _ = ipam.take("routes") }
    self.ipam = ipam
    var delegate = Self.lenient(document["delegate"].object) ?? JSONObject()
    for name in ["name", "ipam"] { _ = delegate.take(name) }
    let type = Self.lenient { () throws(FieldError) in try Self.type(document["delegate"]["type"]) }
    // DEL must run no path either.
    if type == nil { _ = delegate.take("type") }
    self.delegate = delegate
    self.type = type ?? "bridge"
  }

  static let usualSubnetFile = "/run/flannel/subnet.env"
  /// Upstream's folder, so that its files are found.
  static let usualDataDirectory = "/var/lib/cni/flannel"
  private static let usualTimeout = 90

  private static func lenient<T>(_ read: () throws(FieldError) -> T?) -> T? { (try? read()) ?? nil }

  private static func timeout(_ field: Field) throws(FieldError) -> Int? { try field.integer(in: 1...3600) }

  /// Whether a text can be the name of a program in a folder of plugins, and no path out of it.
  static func isPluginName(_ text: String) -> Bool { !text.isEmpty && !text.contains("/") && !text.hasPrefix(".") }

  private static func type(_ field: Field) throws(FieldError) -> String? {
    guard let type = try field.string() else { return nil }
    if !isPluginName(type) { throw field.expected("the name of a plugin") }
    return type
  }
}
