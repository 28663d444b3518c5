// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Skel
import Sysctl

/// Sets parameters of the container's network, and attributes of its interface.
package struct Tuning: Plugin {
  package let name = "tuning"
  /// The file with the keys that may be set; without it all may.
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
      try allOrNothing(undo: { () throws(CNIError) in
        try interface.restore(before)
        if isNew { try backups(options.dataDirectory).remove(request.attachment) }
      }) { () throws(CNIError) in
        try remember(try interface.apply(options), options, request)
      }
    }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    let backups = backups((try? TuningOptions.dataDirectory(request.config)) ?? TuningOptions.usualDataDirectory)
    var failures = ErrorCollector()
    for backup in try backups.find(request.attachment) {
      failures.run { () throws(CNIError) in try restore(backup, request) }
    }
    // What could not be put back is kept for the next attempt.
    try failures.throwIfAny()
    try backups.remove(request.attachment)
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, _) = try self.options(request)
    if options.isEmpty { return }
    var problems: [String] = []
    try inside(request) { (interface) throws(CNIError) in
      let state = try interface.current(options)
      problems += state.link.differences(from: options.link)
      for parameter in options.parameters {
        guard let value = state.parameters[parameter.key.path] else { continue }
        if !Sysctl.isSame(value, parameter.value), try !isRespelled(value, parameter, options, request) {
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
    let path = try reporting { () throws(FieldError) in try TuningOptions.dataDirectory(request.config) }
    try backups(path).removeAll(ofNetwork: request.config.name, sparing: valid)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    // STATUS has no CNI_IFNAME; the usual name is taken, as the allowlist may name it.
    let options = try TuningOptions(request.config, arguments: "", interface: "eth0")
    do {
      try requireAllowed(options)
      try Probe.run(options)
    } catch {
      throw error.code == .invalidConfiguration ? error : error.recoded(.notAvailable)
    }
  }
}
