// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NetNS

extension Dispatcher {
  /// Throws code 4 unless the variables that the verb needs are set and valid.
  func checkEnvironment(for verb: Verb) throws(CNIError) {
    let requirements = verb.requirements
    let missing = requirements.variables.filter { streams[$0] == nil }
    if !missing.isEmpty {
      let names = missing.map(\.rawValue).joined(separator: ", ")
      throw CNIError(.badEnvironment, "\(verb.rawValue) needs environment variables that are not set: \(names)")
    }
    if requirements.variables.contains(.containerID), let id = streams[.containerID], !isIdentifier(id) {
      throw bad(.containerID, id, identifierRule)
    }
    if requirements.variables.contains(.interface), let name = streams[.interface], !isInterfaceName(name) {
      throw bad(.interface, name, interfaceNameRule)
    }
    if requirements.needsNamespace, !namespaceIsChecked, let path = streams[.namespace] {
      try checkNamespace(path)
    }
  }

  /// `CNI_NETNS` of a DEL; nil if the path is now the plugin's own namespace, which happens with `/proc/PID/ns/net` when the PID is
  /// reused.
  var containerNamespace: String? {
    guard let path = streams[.namespace] else { return nil }
    return (try? isOwnNamespace(path)) ?? false ? nil : path
  }

  /// Whether a path is the plugin's own namespace, unless `CNI_NETNS_OVERRIDE` allows that.
  private func isOwnNamespace(_ path: String) throws(NetworkNamespaceError) -> Bool {
    let container = try NetworkNamespace.open(path)
    let override = streams[.namespaceOverride]?.lowercased()
    if override == "1" || override == "true" { return false }
    return try container.isSame(as: NetworkNamespace.current())
  }

  private func checkNamespace(_ path: String) throws(CNIError) {
    let isOwn = try reporting("CNI_NETNS", as: .badEnvironment) { () throws(NetworkNamespaceError) in
      try isOwnNamespace(path)
    }
    if !isOwn { return }
    throw CNIError(.badEnvironment, "CNI_NETNS: \(path) is the namespace that the plugin runs in, not a container's")
  }

  private func bad(_ variable: Variable, _ value: String, _ expected: String) -> CNIError {
    CNIError(.badEnvironment, "\(variable.rawValue): expected \(expected), found \"\(value)\"")
  }
}
