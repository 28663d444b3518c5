// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import OS

/// What the environment tells cnitool, and where it looks for what it does not tell.
package struct Settings: Sendable {
  /// `NETCONFPATH`.
  package let configurationFolder: String
  /// `CNI_PATH`.
  package let pluginFolders: [String]
  /// The pairs of `CNI_ARGS`.
  package let arguments: [Attachment.Argument]
  /// `CAP_ARGS`.
  package let capabilityArguments: CapabilityArguments
  /// `CNI_IFNAME`; nil if it is unset or empty.
  package let interface: String?
  /// The current folder.
  private let workingFolder: String

  /// Reads the environment; throws code 4 for a variable that has another form.
  package init(_ environment: Environment = .process, ownFolder: String? = Settings.ownFolder) throws(ToolFailure) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    configurationFolder = value("NETCONFPATH") ?? "/etc/cni/net.d"
    let folders = value("CNI_PATH")?.split(separator: ":").map(String.init) ?? []
    pluginFolders = folders.isEmpty ? Self.usualPluginFolders + [ownFolder].compactMap { $0 } : folders
    arguments = try argumentPairs(value("CNI_ARGS") ?? "").map { Attachment.Argument($0.name, $0.value) }
    do {
      capabilityArguments = try CapabilityArguments(json: value("CAP_ARGS") ?? "{}")
    } catch {
      throw ToolFailure("CAP_ARGS: \(error)", code: .badEnvironment)
    }
    interface = value("CNI_IFNAME")
    workingFolder = resolvedPath(".") ?? "/"
  }

  /// Where packages of distributions and installers put plugins.
  package static let usualPluginFolders = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]

  /// The folder of this program.
  package static var ownFolder: String? {
    resolvedPath("/proc/self/exe").flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
  }

  /// The network of a name in the folder, or of a file, which has a slash in its name.
  package func network(_ name: String) throws(ToolFailure) -> NetworkList {
    do throws(ConfigurationError) {
      if name.contains("/") { return try NetworkList(file: name) }
      return try ConfigurationFolder(configurationFolder).network(named: name)
    } catch {
      throw ToolFailure(error)
    }
  }

  /// These networks; the first one of the folder if there are none.
  package func networks(_ names: [String]) throws(ToolFailure) -> [NetworkList] {
    guard names.isEmpty else {
      var networks: [NetworkList] = []
      for name in names { networks.append(try network(name)) }
      return networks
    }
    do throws(ConfigurationError) {
      return [try ConfigurationFolder(configurationFolder).first()]
    } catch {
      throw ToolFailure(error)
    }
  }

  /// The absolute path of a namespace, as upstream's cnitool passes it on.
  package func namespacePath(_ path: String) -> String { absolutePath(path, in: workingFolder) }

  /// The attachment that the environment describes.
  package func attachment(namespace path: String, interface name: String?) -> Attachment {
    let path = namespacePath(path)
    return Attachment(
      containerID: containerID(forNamespace: path), namespace: path, interface: name ?? interface ?? "eth0",
      arguments: arguments, capabilityArguments: capabilityArguments)
  }

  /// Calls plugins; what they write to stderr goes to this process's.
  package func runtime(_ executor: any PluginExecuting = ProgramExecutor()) -> NetworkRuntime {
    NetworkRuntime(
      NetworkRuntime.Options(
        pluginFolders: pluginFolders, executor: executor,
        onCall: { event in
          let text = visible(String(decoding: event.diagnostics, as: UTF8.self), except: "\n\t")
          if !text.isEmpty { try? writeStandard(.error, Array(text.utf8)) }
        }))
  }
}
