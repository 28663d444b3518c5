// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import NetNS
import Netlink
import OS

/// An error of a lower layer; its description says what was being done, to what, and why it failed.
package protocol CNIErrorConvertible: Error, CustomStringConvertible {
  /// The default code.
  var code: CNIError.Code { get }
}

extension FieldError: CNIErrorConvertible {
  package var code: CNIError.Code { .invalidConfiguration }
}

extension SystemError: CNIErrorConvertible {
  /// Code 11 if another process holds a lock, else code 5.
  package var code: CNIError.Code { isTransient ? .tryAgainLater : .inputOutput }
}

extension NetlinkError: CNIErrorConvertible {
  package var code: CNIError.Code { .kernelRefused }
}

extension NetworkNamespaceError: CNIErrorConvertible {
  package var code: CNIError.Code { .kernelRefused }
}

extension CNIError {
  /// Converts an error of a lower layer; `action` begins the message.
  package init(_ error: some CNIErrorConvertible, _ action: String = "", as code: Code? = nil) {
    self.init(code ?? error.code, action.isEmpty ? "\(error)" : "\(action): \(error)")
  }

  /// The same error with another code.
  package func recoded(_ code: Code) -> CNIError { CNIError(code, message, details: details) }
}

/// Runs `body`; converts its error to a `CNIError`. `action` begins the message.
package func reporting<T: ~Copyable, E: CNIErrorConvertible>(
  _ action: @autoclosure () -> String = "", as code: CNIError.Code? = nil, _ body: () throws(E) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    throw CNIError(error, action(), as: code)
  }
}
