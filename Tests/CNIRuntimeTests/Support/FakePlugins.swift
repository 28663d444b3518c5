// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Synchronization

/// Plugins that are no programs: they record how they are called, and answer as a test says.
final class FakePlugins: PluginExecuting {
  typealias Answer = @Sendable (PluginCall) async -> PluginOutput

  private let answer: Answer
  private let missing: [String]
  private let recorded = Mutex<[PluginCall]>([])

  /// Plugins of every name but `missing`; without an answer of the test each prints a result for ADD and nothing else.
  init(missing: [String] = [], answer: @escaping Answer = { FakePlugins.success($0) }) {
    self.missing = missing
    self.answer = answer
  }

  /// The calls so far.
  var calls: [PluginCall] { recorded.withLock { $0 } }

  /// The calls so far, such as `ADD bridge`.
  var words: [String] { calls.map { "\($0.verb.rawValue) \($0.plugin)" } }

  func find(_ plugin: String, in folders: [String]) -> String? {
    missing.contains(plugin) ? nil : "\(folders[0])/\(plugin)"
  }

  func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
    recorded.withLock { $0.append(call) }
    return await answer(call)
  }

  /// A result that has the plugin's name for ADD, versions for VERSION, nothing for the others.
  static func success(_ call: PluginCall) -> PluginOutput {
    switch call.verb {
    case .add: printing(#"{"cniVersion":"1.0.0","interfaces":[{"name":"\#(call.plugin)"}]}"#)
    case .version: printing(#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}"#)
    default: PluginOutput(.exit(0))
    }
  }

  static func printing(_ text: String, status: Int32 = 0) -> PluginOutput {
    PluginOutput(.exit(status), output: Array(text.utf8))
  }

  static func failing(_ message: String, code: Int = 11, details: String = "") -> PluginOutput {
    let more = details.isEmpty ? "" : #","details":"\#(details)""#
    return printing(#"{"cniVersion":"1.0.0","code":\#(code),"msg":"\#(message)"\#(more)}"#, status: 1)
  }
}

/// Plugins of which some fail for some verbs; `failures` has items such as `DEL bridge`.
func failing(_ failures: String..., code: Int = 11) -> FakePlugins {
  FakePlugins { call in
    let word = "\(call.verb.rawValue) \(call.plugin)"
    return failures.contains(word) ? FakePlugins.failing("no \(word)", code: code) : FakePlugins.success(call)
  }
}
