// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

extension NetworkList {
  /// Reads a file, and for a list the plugins beside it; nil if there is no file.
  static func read(_ path: String) throws(ConfigurationError) -> NetworkList? {
    guard let text = try contents(path) else { return nil }
    var list = try NetworkList(text, path)
    if !list.loadsOnlyInlinedPlugins, list.isList {
      list.append(pluginsBeside: try plugins(inFolder: "\(folder(of: path))/\(list.name)"))
    }
    try list.requirePlugins()
    return list
  }

  /// The plugins of the files `*.conf` of a folder, sorted by the files' names.
  private static func plugins(inFolder path: String) throws(ConfigurationError) -> [PluginConfiguration] {
    var plugins: [PluginConfiguration] = []
    for file in try files(inFolder: path, endings: [".conf"]) {
      guard let text = try contents(file) else { continue }
      plugins.append(try ListReader(text, file).wholePlugin())
    }
    return plugins
  }

  /// The paths of the files of a folder with one of these endings, sorted; none if there is no folder.
  static func files(inFolder path: String, endings: [String]) throws(ConfigurationError) -> [String] {
    guard let resolved = resolvedPath(path) else { return [] }
    do {
      guard let folder = try Folder.open(resolved) else { return [] }
      let names = try folder.names().filter { name in endings.contains { name.hasSuffix($0) } }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(path)/\($0)" }
    } catch {
      throw ConfigurationError(file: path, message: "\(error)")
    }
  }

  /// The contents of a file; nil if it is gone, or is a folder.
  private static func contents(_ path: String) throws(ConfigurationError) -> [UInt8]? {
    let text: [UInt8]
    do {
      text = try FileDescriptor.open(path, [.read, .nonblocking]).readAll(limit: limit + 1)
    } catch {
      if error.isMissingFile || error.isFolder { return nil }
      throw ConfigurationError(file: path, message: "error reading \(path): \(error)")
    }
    if text.count > limit { throw ConfigurationError(file: path, message: "the file is larger than 1 MiB") }
    return text
  }

  private static let limit = 1 << 20

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "" : String(path[..<slash])
  }
}
