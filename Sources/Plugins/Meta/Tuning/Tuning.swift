// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import OS
import Skel
import Sysctl

/// Sets parameters of the container's network, and attributes of its interface.
package struct Tuning: Plugin {
  package let name = "tuning"
  /// Where the keys that may be set are listed; any may where there is no such file.
  let allowlistPath: String
  /// Tells the operator something on stderr.
  let note: (String) -> Void

  package init(allowlist path: String = "/etc/cni/tuning/allowlist.conf", note: @escaping (String) -> Void) {
    allowlistPath = path
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    var (options, result) = try self.options(request)
    try requireAllowed(options)
    if options.isEmpty { return result }
    if let address = options.link.address { result.setMAC(address, ofContainerInterface: request.attachment.interface) }
    try inside(request) { (interface) throws(CNIError) in
      let before = try interface.current(options)
      let isNew = try remember(before, options, request)
      do throws(CNIError) {
        let respelled = try interface.apply(options)
        if !respelled.isEmpty { try remember(respelled, request) }
      } catch {
        // The first error is the one to tell.
        try? interface.restore(before)
        if isNew { try? forget(request) }
        throw error
      }
    }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    let path = (try? dataDirectory(request.config)) ?? TuningOptions.usualDataDirectory
    let attachment = request.attachment.id
    guard let files = try backupFiles(path) else { return }
    var failures = Failures()
    let kept = try accessFiles { () throws(SystemError) in try files.find(attachment) }
    for file in kept {
      // What is broken cannot be put back, but it goes.
      guard let backup = file.backup else { continue }
      failures.collect { () throws(CNIError) in try restore(backup, request) }
    }
    // What could not be put back is kept for the next attempt.
    try failures.report()
    try accessFiles { () throws(SystemError) in try files.remove(attachment) }
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, _) = try self.options(request)
    if options.isEmpty { return }
    var problems: [String] = []
    try inside(request) { (interface) throws(CNIError) in
      let state = try interface.current(options)
      if state.link != options.link { problems += Self.differences(state.link, options.link) }
      for parameter in options.parameters {
        guard let value = state.parameters[parameter.key.path] else { continue }
        if !Sysctl.isSame(value, parameter.value), try !isRespelled(value, parameter, request) {
          problems.append("\(parameter.key.text) is \"\(value)\" instead of \"\(parameter.value)\"")
        }
      }
      for feature in try interface.requested(options) where feature.isOn != feature.now.isOn {
        problems.append("feature \(feature.name) is \(feature.now.isOn ? "on" : "off")")
      }
    }
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.attachment.interface): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let path = try dataDirectory(request.config)
    try backupFiles(path)?.removeAll(ofNetwork: request.config.name, sparing: valid)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    // STATUS tells no interface: the usual one, as a list may allow keys for it by name.
    let options = try TuningOptions(request.config, arguments: "", interface: "eth0")
    do {
      try requireAllowed(options)
      try Probe.run(options, try dataDirectory(request.config))
    } catch {
      throw error.code == .invalidConfiguration ? error : CNIError(.notAvailable, error.message)
    }
  }

  /// The folder for backups; nil if nothing can have been kept, as there is none.
  private func backupFiles(_ path: String) throws(CNIError) -> BackupFiles? {
    try accessFiles { () throws(SystemError) in
      do throws(SystemError) {
        return try BackupFiles.open(path)
      } catch {
        guard error.isOfAnotherKind else { throw error }
        note("\(name): \(error)")
        return nil
      }
    }
  }
}
