// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import NetNS
import Netlink
import OS

/// An error of the layers below, which tells what was being done, to what, and why it failed.
package protocol CNIErrorConvertible: Error, CustomStringConvertible {
  /// The code by which the protocol reports it where nobody knows a better one.
  var code: CNIError.Code { get }
}

extension FieldError: CNIErrorConvertible {
  package var code: CNIError.Code { .invalidConfiguration }
}

extension SystemError: CNIErrorConvertible {
  /// What another program holds is to be tried again.
  package var code: CNIError.Code { isTransient ? .tryAgainLater : .inputOutput }
}

extension NetlinkError: CNIErrorConvertible {
  package var code: CNIError.Code { .kernelRefused }
}

extension NetworkNamespaceError: CNIErrorConvertible {
  package var code: CNIError.Code { .kernelRefused }
}

extension CNIError {
  /// Reports an error of a layer below; `action` says what it was for.
  package init(_ error: some CNIErrorConvertible, _ action: String = "", as code: Code? = nil) {
    self.init(code ?? error.code, action.isEmpty ? "\(error)" : "\(action): \(error)")
  }

  /// The same with another code.
  package func recoded(_ code: Code) -> CNIError { CNIError(code, message, details: details) }
}

/// Runs `body`, and reports its error as the protocol does; `action` says what it was for.
package func reporting<T: ~Copyable, E: CNIErrorConvertible>(
  _ action: @autoclosure () -> String = "", as code: CNIError.Code? = nil, _ body: () throws(E) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    throw CNIError(error, action(), as: code)
  }
}
