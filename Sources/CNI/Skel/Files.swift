// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// Runs `body`, and reports a file that cannot be used: code 11 for what another program holds, else code 5; `action` tells what for.
package func accessFiles<T: ~Copyable>(
  _ action: String = "", _ body: () throws(SystemError) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    throw CNIError(
      error.isTransient ? .tryAgainLater : .inputOutput, action.isEmpty ? "\(error)" : "\(action): \(error)")
  }
}
