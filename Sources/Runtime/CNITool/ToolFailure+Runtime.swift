// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime

extension ToolFailure {
  /// A failed operation of the runtime, in libcni's words.
  package init(_ error: RuntimeError) {
    let plugin = error.plugin.flatMap { type in error.verb.map { (type: type, verb: $0.rawValue) } }
    self.init("\(error)", number: Self.code(of: error), plugin: plugin)
  }

  /// A bad configuration; code 7.
  package init(_ error: ConfigurationError) { self.init("\(error)", code: .invalidConfiguration) }

  private static func code(of error: RuntimeError) -> Int {
    switch error.reason {
    case .refused(let code, _, _): code
    case .invalidAttachment: Code.badEnvironment.rawValue
    case .cache: Code.inputOutput.rawValue
    case .invalidResult: Code.cannotDecode.rawValue
    case .unsupportedVersion: 1
    case .timedOut, .busy: 11
    case .cancelled, .failed, .notFound: Code.general.rawValue
    }
  }
}
