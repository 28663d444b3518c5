// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import OS
import TestSupport

/// The program under a plugin's name: that of the environment variable, as for a release build, or else the one beside these
/// tests.
func installedProgram(_ plugin: String) -> Program {
  if let path = Environment.process["SWIFT_CNI_BINARY"] { return Program(path, name: plugin) }
  var folder = [CChar](repeating: 0, count: Int(PATH_MAX))
  let length = readlink("/proc/self/exe", &folder, folder.count - 1)
  let path = String(decoding: folder.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return Program(path.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/swift-cni", name: plugin)
}

/// A plugin's configuration; `members` are added to it in JSON, each with a comma at its end.
func pluginConfig(
  _ plugin: String, _ network: String, _ version: String, _ members: String, _ prevResult: String?
) -> [UInt8] {
  let previous = prevResult.map { #""prevResult":\#($0),"# } ?? ""
  return Array(#"{\#(members)\#(previous)"cniVersion":"\#(version)","name":"\#(network)","type":"\#(plugin)"}"#.utf8)
}

/// The code and message of an error object; nil if the output is no error.
func errorObject(_ outcome: Outcome) -> (code: Int, message: String)? {
  guard let json = try? JSON(parsing: outcome.output) else { return nil }
  let field = Field(json)
  guard
    let code = try? field["code"].integer(in: 0...1000), let message = try? field["msg"].string()
  else { return nil }
  return (code, message)
}

/// Enables tests that change a kernel: without privileges they are skipped, but in CI they run, and then fail.
let kernelIsThere = Namespace.obstacle == nil || Environment.process["CI"] != nil
