// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// The guard for `route_localnet`, which the plugin sets on an interface so that connections from localhost reach containers: the
/// backend drops packets with addresses of 127.0.0.0/8 that come in by this interface. A guarded interface is one for which the
/// plugin has set it.
package protocol LocalhostGuard {
  /// Drops packets with addresses of 127.0.0.0/8 that come in by an interface.
  func guardLocalhost(on interface: String) throws(CNIError)
  /// The interfaces that are guarded.
  func guardedInterfaces() throws(CNIError) -> [String]
  /// Ends the guard of an interface. If connections from localhost lead to a container `isBehind` it, keeps the guard and returns
  /// false.
  func endGuard(of interface: String, unlessReached isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
  /// Whether the guard of an interface is still needed for a container whose address `isBehind` it; nil if the interface is not
  /// guarded.
  func isGuardNeeded(on interface: String, where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool?
  /// Former versions guarded all interfaces at once. If such a guard is there, replaces it by guards of the interfaces that
  /// `open` lists, and returns true.
  func replaceFormerGuard(by open: () throws(CNIError) -> [String]) throws(CNIError) -> Bool
  /// Whether connections from localhost lead to a container whose address `isBehind` an interface.
  func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
}
