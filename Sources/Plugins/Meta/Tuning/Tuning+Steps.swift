// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS
import Skel
import Sysctl

extension Tuning {
  /// The options, and the result of the plugins before.
  func options(_ request: Request) throws(CNIError) -> (TuningOptions, NetworkResult) {
    (try TuningOptions(request), try request.config.previousResult(requiredBy: name))
  }

  /// Runs `body` in the container's namespace; the interface may be missing.
  func inside(_ request: Request, _ body: (borrowing Interface) throws(CNIError) -> Void) throws(CNIError) {
    try request.inContainer { (_) throws(CNIError) in try body(Interface.find(request.attachment.interface)) }
  }
}

// MARK: - Which keys may be set

extension Tuning {
  /// Throws code 7 for a key that the node's allowlist does not have; notes lines of the list that cannot be used.
  func requireAllowed(_ options: TuningOptions) throws(CNIError) {
    guard !options.parameters.isEmpty, let list = try allowlist() else { return }
    for line in list.unusableLines { note("\(name): \(allowlistPath): \(line)") }
    for parameter in options.parameters {
      do {
        try list.require(parameter.key)
      } catch {
        throw CNIError(.invalidConfiguration, "\(parameter.path): \(allowlistPath): \(error)")
      }
    }
  }

  /// The node's allowlist; nil if it has none.
  func allowlist() throws(CNIError) -> Allowlist? {
    let text: [UInt8]
    do {
      text = try FileDescriptor.open(allowlistPath, .nonblocking).readAll(limit: 1 << 20)
    } catch {
      if error.isMissingFile { return nil }
      throw CNIError(.inputOutput, "\(allowlistPath): \(SystemError.text(error.number))")
    }
    return Allowlist(String(decoding: text, as: UTF8.self))
  }
}

// MARK: - Backups

extension Tuning {
  func backups(_ dataDirectory: String) -> BackupFiles { BackupFiles(dataDirectory) { note("\(name): \($0)") } }

  /// Adds to the attachment's backup what was before. Returns whether there was no backup.
  func remember(_ before: Backup, _ options: TuningOptions, _ request: Request) throws(CNIError) -> Bool {
    var backup = before
    backup.network = request.config.name
    if !options.restoresParameters { backup.parameters = [:] }
    if backup.link.isEmpty, backup.parameters.isEmpty, backup.features.isEmpty { return false }
    return try backups(options.dataDirectory).keep(backup, of: request.attachment)
  }

  /// Adds to the attachment's backup what CHECK needs to know of these parameters.
  func remember(_ respelled: [RespelledValue], _ options: TuningOptions, _ request: Request) throws(CNIError) {
    if respelled.isEmpty { return }
    var backup = Backup()
    backup.network = request.config.name
    backup.respelled = respelled
    _ = try backups(options.dataDirectory).keep(backup, of: request.attachment)
  }

  /// Whether the kernel read back this value when the wanted one was set.
  func isRespelled(
    _ value: String, _ parameter: TuningOptions.Parameter, _ options: TuningOptions, _ request: Request
  ) throws(CNIError) -> Bool {
    try backups(options.dataDirectory).find(request.attachment).contains { backup in
      backup.respelled.contains {
        $0.path == parameter.key.path && $0.asked == parameter.value && Sysctl.isSame($0.told, value)
      }
    }
  }

  /// Puts back a backup; in a namespace that is gone there is nothing to put back.
  func restore(_ backup: Backup, _ request: Request) throws(CNIError) {
    if request.namespace == nil { return }
    do {
      try inside(request) { (interface) throws(CNIError) in try interface.restore(backup) }
    } catch {
      if error.code != .badEnvironment { throw error }
    }
  }
}
