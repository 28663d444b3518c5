// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import NFTables
import Netlink

/// Keeps the state of attachments as elements of our table. A change is computed from the elements in the kernel, and made by one
/// batch that the kernel refuses if the ruleset has changed meanwhile; then it is computed anew.
package struct ElementStore: Sendable {
  let feature: Feature
  /// The timeout of elements that are removed, in milliseconds: to delete them would cost the process an RCU grace period. With 0
  /// they are deleted, as they always are on kernels before 6.12.
  let expiry: UInt64

  init(_ feature: Feature, expiry: UInt64) {
    self.feature = feature
    self.expiry = expiry
  }

  /// Attempts a change until it is made or is refused for good; a companion of the change is told of each attempt that fails.
  static func transaction<Value>(
    _ action: String, _ companion: (any BatchCompanion)? = nil,
    _ attempt: (borrowing Session) throws(NetlinkError) -> Result<Value, CNIError>
  ) throws(CNIError) -> Value {
    let outcome: Result<Value, CNIError>
    do {
      outcome = try repeated(companion, attempt)
    } catch {
      throw failure(action, error)
    }
    return try outcome.get()
  }

  private static func repeated<Value>(
    _ companion: (any BatchCompanion)?,
    _ attempt: (borrowing Session) throws(NetlinkError) -> Result<Value, CNIError>
  ) throws(NetlinkError) -> Result<Value, CNIError> {
    var session = try Session.own()
    var attempts = Attempts()
    while true {
      do throws(NetlinkError) {
        return try attempt(session)
      } catch {
        companion?.batchFailed(error)
        guard attempts.mayRepeat(after: error) else { throw error }
        // Replies that are still to come, or were lost, must not be confused with those to the next attempt.
        if error.number == ENOBUFS { session = try Session.own() }
      }
    }
  }

  /// Runs a query once, without repetition; returns `nothing` where the kernel has no nf_tables.
  static func query<Value>(
    _ action: String, otherwise nothing: Value, _ body: () throws(NetlinkError) -> Value
  ) throws(CNIError) -> Value {
    do throws(NetlinkError) {
      return try body()
    } catch {
      if error.isNFTablesMissing { return nothing }
      throw failure(action, error)
    }
  }

  static func failure(_ action: String, _ error: NetlinkError) -> CNIError {
    if error.isTransient { return CNIError(.tryAgainLater, "\(action): \(error), after \(Attempts.limit) attempts") }
    if error.isNFTablesMissing { return CNIError(.notAvailable, "\(action): \(error)") }
    switch error.number {
    case EPERM:
      return CNIError(.kernelRefused, "\(action): \(error); it needs CAP_NET_ADMIN in the host's network namespace")
    case ENOENT: return CNIError(.kernelRefused, "\(action): \(error); STATUS tells what the kernel lacks")
    default: return CNIError(.kernelRefused, "\(action): \(error)")
    }
  }
}

extension NetlinkError {
  /// A change has to wait some milliseconds for elements that are about to expire.
  static let expiring = NetlinkError(
    "change the nftables ruleset", number: EAGAIN, explanation: "elements are expiring")
}

extension StoredElement {
  /// Whether the element is not about to expire.
  var stays: Bool { timeout == nil }
}
