// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import OS

/// Why a command failed, for stderr, or with `--json` for stdout.
package struct ToolFailure: Error, CustomStringConvertible {
  /// What was being done, to what, and why it failed; may have several lines.
  package let description: String
  /// The code of the specification's error object; those of cnitool itself are the same ones.
  package let code: Int
  /// The plugin that failed, and the verb that it was called for.
  package let plugin: (type: String, verb: String)?
  package let details: String
  package let exitStatus: Int32

  package init(
    _ description: String, code: Code = .general, plugin: (type: String, verb: String)? = nil, details: String = "",
    exitStatus: Int32 = 1
  ) {
    self.init(description, number: code.rawValue, plugin: plugin, details: details, exitStatus: exitStatus)
  }

  package init(
    _ description: String, number: Int, plugin: (type: String, verb: String)? = nil, details: String = "",
    exitStatus: Int32 = 1
  ) {
    self.description = description
    code = number
    self.plugin = plugin
    self.details = details
    self.exitStatus = exitStatus
  }

  package init(_ error: SystemError) {
    let isForbidden = [EACCES, EPERM].contains(error.number) && geteuid() != 0
    self.init(isForbidden ? "\(error): networks are changed by root only" : "\(error)", code: .inputOutput)
  }

  /// Codes of the CNI specification ("Error"), and 999, which upstream uses for everything else.
  package enum Code: Int {
    case badEnvironment = 4
    case inputOutput = 5
    case cannotDecode = 6
    case invalidConfiguration = 7
    case notAvailable = 50
    case general = 999
  }

  /// The same with another exit status.
  func exiting(with status: Int32) -> ToolFailure {
    ToolFailure(description, number: code, plugin: plugin, details: details, exitStatus: status)
  }

  /// The error object of the specification; `plugin` and `verb` are added to it.
  package var json: JSON {
    var object = JSONObject([
      "cniVersion": .string("1.1.0"), "code": .integer(Int64(code)), "msg": .string(description),
    ])
    if !details.isEmpty { object.append("details", .string(details)) }
    if let plugin {
      object.append("plugin", .string(plugin.type))
      object.append("verb", .string(plugin.verb))
    }
    return .object(object)
  }
}
