// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Launch
import OS

/// The names of the networks of this node, for shells that complete a command.
func networkNames() -> [String] {
  guard let settings = try? Settings() else { return [] }
  return ConfigurationFolder(settings.configurationFolder).networks().networks.map(\.name)
}

/// The names of network namespaces with their folder, for shells that complete a command.
func namespacePaths() -> [String] {
  let folder = NamedNamespaces.usualFolder
  let names = (try? Folder.open(folder)?.names()) ?? []
  return names.sorted().map { "\(folder)/\($0)" }
}
