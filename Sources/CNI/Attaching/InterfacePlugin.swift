// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Invoke
import OS
import Skel

/// A plugin that gives the container an interface, with addresses by an IPAM plugin.
package protocol InterfacePlugin: Plugin {
  var executor: PluginExecutor { get }
  /// Tells the operator something on stderr.
  var note: (String) -> Void { get }
  /// The kind of the interface (`IFLA_INFO_KIND`); nil if any will do.
  var kind: String? { get }
  /// What CHECK finds wrong besides the interface, its addresses and routes, in words.
  func otherProblems(_ request: Request) throws(CNIError) -> [String]
}

extension InterfacePlugin {
  package func otherProblems(_ request: Request) throws(CNIError) -> [String] { [] }

  package func check(_ request: Request) throws(CNIError) { try checkInterface(request) }

  /// Throws code 102 unless the IPAM plugin and the container's interface are as ADD has left them; `isUp` says whether it is up.
  package func checkInterface(_ request: Request, isUp: Bool = true) throws(CNIError) {
    try IPAMPlugin.find(request.config, request.environment, executor)?.check()
    let interface = try ContainerInterfaceCheck(request)
    let kind = kind
    var problems = try request.inContainer { (_) throws(CNIError) in try interface.problems(kind: kind, isUp: isUp) }
    problems += try otherProblems(request)
    if problems.isEmpty { return }
    throw CNIError(.checkFailed, "\(request.attachment.interface): \(problems.joined(separator: "; "))")
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    try IPAMPlugin.find(request.config, request.environment, executor)?.status()
  }

  /// Releases the attachment's addresses, for DEL.
  package func releaseAddresses(_ request: Request) throws(CNIError) {
    try plausibleIPAM(request.config, request.environment)?.delete()
  }

  /// Releases the addresses of attachments that are not valid, for GC.
  package func collectAddresses(_ request: NetworkRequest) throws(CNIError) {
    try plausibleIPAM(request.config, request.environment)?.collectGarbage()
  }

  /// The IPAM plugin of the configuration; nil, with a note, if it is named in a way that no ADD accepts. Nothing would ever be released
  /// then, and an error would only keep the runtime from removing the container.
  private func plausibleIPAM(
    _ config: NetworkConfig, _ environment: Environment
  ) throws(CNIError) -> IPAMPlugin? {
    do {
      return try IPAMPlugin.find(config, environment, executor)
    } catch {
      if error.code != .invalidConfiguration { throw error }
      note("\(name): no address is released: \(error.message)")
      return nil
    }
  }
}

/// A plugin whose interface is made in the container, so that nothing of it is on the host.
package protocol ContainerKindPlugin: InterfacePlugin {
  /// The driver's name.
  static var kind: String { get }
}

extension ContainerKindPlugin {
  package var kind: String? { Self.kind }

  package func delete(_ request: Request) throws(CNIError) {
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in try releaseAddresses(request) }
    failures.run { () throws(CNIError) in try ContainerLink.remove(request, ofKind: Self.kind) }
    try failures.throwIfAny()
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try collectAddresses(request)
  }
}
