// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

extension Dispatcher {
  /// Prints name and versions to stderr for a plugin that is started by hand. nerdctl reads the first line, and Nomad its first word
  /// that is a version.
  func introduce() -> Int32 {
    streams.note("CNI \(plugin.name) plugin \(Version.plugin)")
    streams.note("CNI protocol versions supported: \(SpecVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    return 0
  }

  /// Prints the supported versions. VERSION does not read stdin, which may be a terminal or the input of a `while read` loop.
  mutating func printVersions() throws(CNIError) {
    try output(
      .object(
        JSONObject([
          "cniVersion": .string(SpecVersion.current.rawValue),
          "supportedVersions": .array(SpecVersion.allCases.map { .string($0.rawValue) }),
        ])))
  }

  /// Calls ADD and prints the result. Fails before any change if stdout cannot be written to. If printing fails later, calls DEL: without
  /// a result the runtime does not know of the attachment.
  mutating func add(_ request: Request) throws(CNIError) {
    let config = request.config
    try reporting("stdout", as: .inputOutput, streams.checkOutput)
    let plugin = plugin
    let result = try plugin.add(request)
    try allOrNothing(undo: { () throws(CNIError) in try plugin.delete(request) }) { () throws(CNIError) in
      try output(result.encoded(config.version))
    }
  }

  private mutating func output(_ json: JSON) throws(CNIError) {
    try reporting("stdout", as: .inputOutput) { () throws(SystemError) in try print(json.text) }
  }

  /// Prints the error object; writes the error to stderr if that fails.
  mutating func report(_ failure: CNIError, _ version: SpecVersion) {
    do {
      try print(failure.json(version).text)
    } catch {
      streams.note("\(plugin.name): \(failure)")
    }
  }
}
