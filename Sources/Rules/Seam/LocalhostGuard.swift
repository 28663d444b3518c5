// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// What lets connections from 127.0.0.0/8 in, and nothing else with it: `route_localnet` of an interface is set by the plugin,
/// and the backend drops what would come in by it. That an interface is guarded says that the plugin has set it.
package protocol LocalhostGuard {
  /// Drops packets with addresses of 127.0.0.0/8 that come by an interface.
  func guardLocalhost(on interface: String) throws(CNIError)
  /// The interfaces that are guarded.
  func guardedInterfaces() throws(CNIError) -> [String]
  /// Ends the guard of an interface; returns false, and does not, if connections from localhost lead to a container `isBehind` it.
  func endGuard(of interface: String, unlessReached isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
  /// Whether a guarded interface has to be so for a container whose address `isBehind` it; nil if it is not guarded.
  func isGuardNeeded(on interface: String, where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool?
  /// Former versions guarded all interfaces at once: guards those that `open` lists instead, and returns true, if it finds that.
  func replaceFormerGuard(by open: () throws(CNIError) -> [String]) throws(CNIError) -> Bool
  /// Whether connections from localhost lead to a container whose address `isBehind` an interface.
  func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
}
