// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A folder of network configurations: files that end in `.conflist`, `.conf` or `.json`, each read by what is in it.
///
/// Nothing is kept: each call reads the files as they are now. A file that vanishes meanwhile is passed over.
public struct ConfigurationFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Names the folder; reads nothing yet.
  public init(_ path: String = "/etc/cni/net.d") { self.path = path }

  /// All networks in the lexical order of their files' names, and what is wrong with the files that are none.
  public func networks() -> (networks: [NetworkList], problems: [ConfigurationError]) {
    do {
      return read(try NetworkList.files(inFolder: path, endings: [".conf", ".conflist", ".json"]))
    } catch {
      return ([], [error])
    }
  }

  /// The network with this name. Lists come before `.conf` and `.json`, and among them the first file wins; what is wrong with other
  /// files is told only if none has the name.
  public func network(named name: String) throws(ConfigurationError) -> NetworkList {
    let lists = try NetworkList.files(inFolder: path, endings: [".conflist"])
    let others = try NetworkList.files(inFolder: path, endings: [".conf", ".json"])
    if lists.isEmpty && others.isEmpty { throw ConfigurationError(message: "no net configurations found in \(path)") }
    let (networks, problems) = read(lists + others)
    guard let network = networks.first(where: { $0.name == name }) else {
      throw ConfigurationError(message: "no net configuration with name \"\(name)\" in \(path)", others: problems)
    }
    return network
  }

  /// The network of the first file, in lexical order, that has one: the one that runtimes of Kubernetes use.
  public func first() throws(ConfigurationError) -> NetworkList {
    let (networks, problems) = networks()
    guard let network = networks.first else {
      throw ConfigurationError(message: "no net configurations found in \(path)", others: problems)
    }
    return network
  }

  private func read(_ files: [String]) -> (networks: [NetworkList], problems: [ConfigurationError]) {
    var networks: [NetworkList] = []
    var problems: [ConfigurationError] = []
    for file in files {
      do {
        if let network = try NetworkList.read(file) { networks.append(network) }
      } catch {
        problems.append(error)
      }
    }
    return (networks, problems)
  }
}
