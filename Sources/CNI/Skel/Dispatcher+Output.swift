// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

extension Dispatcher {
  /// What a person sees who starts the plugin by hand. Programs read it too: nerdctl looks for the first line on stderr, and Nomad
  /// takes its first word that is a version.
  func introduce() -> Int32 {
    streams.note("CNI \(plugin.name) plugin \(Version.plugin)")
    streams.note("CNI protocol versions supported: \(SpecVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    return 0
  }

  /// VERSION does not read stdin: it may be a terminal, or belong to somebody else, such as the lines of a `while read` loop.
  mutating func printVersions() throws(CNIError) {
    try output(
      .object(
        JSONObject([
          "cniVersion": .string(SpecVersion.current.rawValue),
          "supportedVersions": .array(SpecVersion.allCases.map { .string($0.rawValue) }),
        ])))
  }

  /// Has the plugin add the attachment, and prints its result. Nothing is begun that could not be answered; what fails after
  /// that is taken back, as a caller that has no result knows of no attachment.
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

  /// Prints the error object, or tells stderr what it would have said.
  mutating func report(_ failure: CNIError, _ version: SpecVersion) {
    do {
      try print(failure.json(version).text)
    } catch {
      streams.note("\(plugin.name): \(failure)")
    }
  }
}
