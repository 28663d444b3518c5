// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Launch
import OS

/// The records of all `cnitool run` of this machine. Each is locked as long as its process, or a plugin that it has called, lives.
package struct RunFolder: Sendable {
  package static let usualPath = "/run/cnitool"
  private let path: String

  package init(_ path: String = usualPath) { self.path = path }

  /// Makes a new record, which must be written before anything is made; nil if the name is taken.
  func create(_ name: String) throws(ToolFailure) -> LockedFile? {
    do {
      _ = try Folder.make(path)
      return try LockedFile.create("\(path)/\(name)")
    } catch {
      throw ToolFailure(error)
    }
  }

  /// The file that a command sees as /etc/resolv.conf.
  func resolverFile(_ name: String) -> String { "\(path)/\(name)\(Self.resolverEnding)" }

  func writeResolverFile(_ name: String, _ text: String) throws(ToolFailure) {
    do {
      try Folder.make(path).write(Array(text.utf8), to: name + Self.resolverEnding)
      // The command may run as another user than root.
      try makeReadable(resolverFile(name))
    } catch {
      throw ToolFailure(error)
    }
  }

  func removeResolverFile(_ name: String) {
    try? Folder.open(path)?.remove(name + Self.resolverEnding)
  }

  /// Removes what processes have left that were killed: their attachments, and the namespaces that they had made. Returns why something of
  /// it could not be removed; it is tried again next time.
  func removeLeftovers(_ runtime: NetworkRuntime, namespaces: NamedNamespaces = NamedNamespaces()) -> [String] {
    var problems: [String] = []
    for name in records {
      do {
        guard let file = try LockedFile.takeOver("\(path)/\(name)") else { continue }
        if let record = try RunRecord(parsing: try file.read()) {
          // A plugin that is killed with this process must not be one that somebody else takes to have ended.
          try file.pass(toPrograms: true)
          try record.remove(runtime, namespaces)
        }
        removeResolverFile(name)
        try file.remove()
      } catch {
        problems.append("\(name): \(error)")
      }
    }
    return problems
  }

  private static let resolverEnding = ".resolv.conf"

  private var records: [String] {
    let names = (try? Folder.open(path)?.names()) ?? []
    return names.filter { !$0.hasSuffix(Self.resolverEnding) && !$0.hasPrefix(".") }.sorted()
  }
}

extension RunRecord {
  /// Deletes the attachments, the last one first, and then the namespace; goes on after errors, and throws the first.
  func remove(_ runtime: NetworkRuntime, _ namespaces: NamedNamespaces) throws(ToolFailure) {
    var first: ToolFailure?
    for planned in attachments.reversed() {
      do throws(ToolFailure) {
        _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
          try await runtime.delete(planned.network, planned.forDeletion, continuingAfterErrors: true)
        }
      } catch {
        first = first ?? error
      }
    }
    if let namespaceName { namespaces.remove(namespaceName) }
    if let first { throw first }
  }
}
