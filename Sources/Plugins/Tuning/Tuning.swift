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
  private let note: (String) -> Void

  package init(allowlist path: String = "/etc/cni/tuning/allowlist.conf", note: @escaping (String) -> Void) {
    allowlistPath = path
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (options, result) = try self.options(request)
    try requireAllowed(options)
    if options.isEmpty { return result }
    // Before anything is changed: a result that cannot be made must change nothing.
    let tuned = try configuration { () throws(FieldError) in
      try result.settingMAC(options.link.address.map { "\($0)" }, of: request.owner.interface)
    }
    try inside(request) { (interface) throws(CNIError) in
      let before = try interface.current(options)
      let isNew = try remember(before, options, request)
      do throws(CNIError) {
        try interface.apply(options)
      } catch {
        // The first error is the one to tell.
        try? interface.restore(before)
        if isNew { try? forget(request) }
        throw error
      }
    }
    return tuned
  }

  package func delete(_ request: Request) throws(CNIError) {
    let file = Backup.fileName(request.owner)
    let path = (try? dataDirectory(request.config)) ?? TuningOptions.usualDataDirectory
    do throws(SystemError) {
      guard let folder = try Folder.open(path) else { return }
      // What cannot be read cannot be put back, but it goes.
      if let text = (try? folder.read(file)) ?? nil, let backup = Backup(parsing: text) {
        // A namespace or an interface that is gone has nothing to be put back.
        try? inside(request) { (interface) throws(CNIError) in try interface.restore(backup) }
      }
      try folder.remove(file)
    } catch {
      note("\(name): \(error)")
    }
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
        if !Sysctl.isSame(value, parameter.value) {
          problems.append("\(parameter.key.text) is \"\(value)\" instead of \"\(parameter.value)\"")
        }
      }
      for feature in try interface.wanted(options) where feature.isOn != feature.wasOn {
        problems.append("feature \(feature.name) is \(feature.wasOn ? "on" : "off")")
      }
    }
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.owner.interface): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<Attachment>) throws(CNIError) {
    let config = request.config
    let kept = Set(
      valid.map {
        Backup.fileName(Owner(network: config.name, containerID: $0.containerID, interface: $0.interface))
      })
    let path = try dataDirectory(config)
    do throws(SystemError) {
      guard let folder = try Folder.open(path) else { return }
      // What is no file, or not one of ours, is not ours to remove.
      for name in try folder.names() where !name.hasPrefix(".") && !kept.contains(name) {
        let backup = ((try? folder.read(name)) ?? nil).flatMap { Backup(parsing: $0) }
        if backup?.network == config.name { try folder.remove(name) }
      }
    } catch {
      throw CNIError(.inputOutput, "\(error)")
    }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    do throws(CNIError) {
      _ = try dataDirectory(request.config)
      _ = try allowlist()
    } catch {
      throw CNIError(.notAvailable, error.message)
    }
  }
}
