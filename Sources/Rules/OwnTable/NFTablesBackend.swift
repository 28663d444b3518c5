// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import NFTables
import Netlink
import Rules

/// Rules as elements of one table of ours. A change is computed from what the kernel has, and made in one batch that
/// the kernel refuses if somebody else was faster; then it is computed anew.
package struct NFTablesBackend: PortForwardingBackend {
  /// What of the table the plugin needs.
  let part: Part
  /// How long an element lives that is to go, in milliseconds: deleting it would cost the process an RCU grace period.
  let expiry: UInt64

  /// With an expiry of 0 every element stays until it is deleted, which is what kernels before 6.12 do.
  package init(_ part: Part, expiry: UInt64 = 1) {
    self.part = part
    self.expiry = expiry
  }

  /// Whether the kernel has nf_tables, or does not let this process tell.
  package static var isInKernel: Bool {
    do throws(NetlinkError) {
      _ = try Session(.own).read(elements: [])
      return true
    } catch {
      return !error.isNFTablesMissing
    }
  }

  /// What came of one attempt at a change.
  enum Attempt<Value> {
    case done(Value)
    case refused(CNIError)
    /// Elements that are about to expire stand in the way.
    case again
  }

  /// Attempts a change until it is made or is refused for good; a companion of the change is told of each batch that fails.
  func transaction<Value>(
    _ action: String, _ companion: (any BatchCompanion)? = nil,
    _ attempt: (borrowing Session) throws(NetlinkError) -> Attempt<Value>
  ) throws(CNIError) -> Value {
    let outcome: Attempt<Value>
    do {
      outcome = try attempts(companion, attempt)
    } catch {
      throw Self.failure(action, error)
    }
    switch outcome {
    case .done(let value): return value
    case .refused(let error): throw error
    case .again:
      throw CNIError(.tryAgainLater, "\(action): the nftables ruleset changes faster than this change could be made")
    }
  }

  private func attempts<Value>(
    _ companion: (any BatchCompanion)?,
    _ attempt: (borrowing Session) throws(NetlinkError) -> Attempt<Value>
  ) throws(NetlinkError) -> Attempt<Value> {
    var session = try Session(.own)
    var attempts = Attempts()
    while true {
      do throws(NetlinkError) {
        let outcome = try attempt(session)
        guard case .again = outcome, attempts.mayRepeatAfterExpiry() else { return outcome }
      } catch {
        companion?.batchFailed(error)
        guard attempts.mayRepeat(after: error) else { throw error }
        // What the kernel could not deliver, or has still to deliver, must not be taken for the next answer.
        if error.number == ENOBUFS { session = try Session(.own) }
      }
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
