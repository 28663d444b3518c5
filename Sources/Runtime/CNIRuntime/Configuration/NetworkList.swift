// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// A network: the list of plugins that attach a container to it, one after the other.
///
/// A file with a single plugin (`.conf`) is a list of one.
public struct NetworkList: Equatable, Sendable {
  /// The network's name.
  public let name: String
  /// The version of the specification in which the plugins are called; empty if the configuration names none, which means 0.1.0.
  public let cniVersion: String
  /// The plugins, in the order of ADD.
  public private(set) var plugins: [PluginConfiguration]
  /// Whether CHECK does nothing (`disableCheck`).
  public let disablesCheck: Bool
  /// Whether GC does nothing (`disableGC`).
  public let disablesGC: Bool
  /// Whether no plugins are taken from the folder with the network's name beside the file (`loadOnlyInlinedPlugins`).
  public let loadsOnlyInlinedPlugins: Bool
  /// The file that it was read from; nil if there is none.
  public let path: String?
  /// The configuration as it is kept in the cache: the file's bytes, or for a single plugin the list around it.
  public let text: [UInt8]
  /// How many of the plugins stand in files of a folder beside the list, and so not in `text`; they are the last ones.
  private var countBeside = 0

  /// Reads a list, or a single plugin, told apart by what is in it. Plugins in a folder beside a file are not looked for; see
  /// ``init(file:)``. `path` is only for messages.
  public init(parsing text: [UInt8], path: String? = nil) throws(ConfigurationError) {
    try self.init(text, path)
    try requirePlugins()
  }

  /// Reads a file of any name, and for a list also the plugins in `NAME/*.conf` beside it.
  public init(file path: String) throws(ConfigurationError) {
    guard let list = try Self.read(path) else {
      throw ConfigurationError(
        file: path.isEmpty ? "\"\"" : path, message: pathExists(path) ? "it is a folder" : "there is no such file")
    }
    self = list
  }

  /// Whether the text is a list, and not a single plugin.
  let isList: Bool

  /// All capabilities that a plugin of the list declares, sorted.
  public var capabilities: [String] {
    var all: [String] = []
    for plugin in plugins { all += plugin.capabilities.filter { !all.contains($0) } }
    return all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The same, where there may be no plugins yet.
  init(_ text: [UInt8], _ path: String?) throws(ConfigurationError) {
    let reader = try ListReader(text, path)
    self = try reader.list()
  }

  init(_ reader: ListReader, name: String, version: String, plugins: [PluginConfiguration]) throws(ConfigurationError) {
    self.name = name
    cniVersion = version
    self.plugins = plugins
    // As in libcni, these are members of lists only.
    disablesCheck = reader.isSinglePlugin ? false : try reader.bool("disableCheck")
    disablesGC = reader.isSinglePlugin ? false : try reader.bool("disableGC")
    loadsOnlyInlinedPlugins = try reader.bool("loadOnlyInlinedPlugins")
    isList = !reader.isSinglePlugin
    path = reader.path
    text = reader.listText(name: name, version: version)
  }

  /// Reads what the cache or a record has: `text`, and ``textBeside``.
  package init(parsing text: [UInt8], beside: [UInt8], path: String?) throws(ConfigurationError) {
    try self.init(text, path)
    if !beside.isEmpty { append(pluginsBeside: try ListReader.plugins(beside, path)) }
    try requirePlugins()
  }

  /// The configurations of the plugins in files beside the list, as a JSON array in one line; empty if there are none.
  package var textBeside: [UInt8] {
    if countBeside == 0 { return [] }
    return JSON.array(plugins.suffix(countBeside).map { .object($0.object) }).goText()
  }

  /// Adds the plugins of files beside the list.
  mutating func append(pluginsBeside more: [PluginConfiguration]) {
    plugins += more
    countBeside += more.count
  }

  func requirePlugins() throws(ConfigurationError) {
    if plugins.isEmpty {
      throw ConfigurationError(
        file: path, message: "no plugin configs found", hint: "a list names its plugins in `plugins`")
    }
  }

  /// The version, if it has the form of one.
  var version: ProtocolVersion? { ProtocolVersion(cniVersion) }
}
