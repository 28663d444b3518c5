// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A kernel's way to make rules hold. Every operation is atomic and may be repeated.
package protocol RulesBackend {
  /// Makes the owner have exactly these rules, then calls `completion`; what it throws undoes the change. Answers what
  /// was taken over.
  func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover]
  /// What of these rules is missing or different, in words; nothing is changed.
  func verify(_ wanted: OwnedRules) throws(CNIError) -> [String]
  /// Removes all that the owner has. `hint` and `ports` are what it may have: if they are all of it, the cost does not
  /// depend on what others have. Answers the forwards that hold no more, those of the hint included that did not hold
  /// before; no packet begins a flow by those of transports without connections when this returns.
  func remove(_ owner: Owner, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward]
  /// Removes all that this network's attachments have, but for those of the list; answers as `remove` does.
  func removeAll(ofNetwork network: String, sparing valid: Set<Attachment>) throws(CNIError) -> [PortForward]
  /// Where connections to exactly this host port go; nil if no rule sends them anywhere.
  func destination(of port: HostPort) throws(CNIError) -> Endpoint?
  /// Throws the reason why this kernel could not apply rules now.
  func probe() throws(CNIError)
}

/// What becomes of a host port that another owner has.
package enum ConflictPolicy: String, CaseIterable, Sendable {
  /// The last write wins.
  case replace
  case error
}

/// A host port that had another owner.
package struct Takeover: Equatable, Sendable {
  package let port: HostPort
  /// The owner that it had.
  package let previous: String

  package init(port: HostPort, previous: String) {
    self.port = port
    self.previous = previous
  }
}
