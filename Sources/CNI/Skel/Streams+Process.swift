// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

extension Streams {
  /// The streams of this process; also calls `guardStandardStreams()`.
  package static func process() -> Streams {
    guardStandardStreams()
    return Streams(
      environment: .process,
      readInput: { (limit) throws(SystemError) in try readStandardInput(limit: limit) },
      writeOutput: { (bytes) throws(SystemError) in try writeStandard(.output, bytes) },
      checkOutput: { () throws(SystemError) in try checkStandardOutput() },
      // A note that cannot be written must not fail the call.
      note: { try? writeStandard(.error, Array($0.utf8) + [0x0a]) })
  }
}
