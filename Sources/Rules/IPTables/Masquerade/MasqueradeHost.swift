// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OwnTable
import Rules

/// The ways of this host to masquerade: our own table, and the tables of iptables of both variants.
package struct MasqueradeHost: MasqueradeBackends {
  private let iptables: IPTablesHost
  private let own = NFTablesMasquerade()
  private let note: (String) -> Void

  /// `note` tells the operator something.
  package init(_ iptables: IPTablesHost, note: @escaping (String) -> Void) {
    self.iptables = iptables
    self.note = note
  }

  package func masquerader(_ backend: MasqueradeBackend?) -> any Masquerader {
    switch backend {
    case .nftables: own
    case .iptables: iptables.masquerade(iptables.variant(), note: note)
    case nil: DefaultMasquerader(own, instead: iptables.masquerade(.legacy, note: note))
    }
  }

  package func problems(
    with request: MasqueradeRequest, _ backend: MasqueradeBackend?
  ) throws(CNIError) -> [String] {
    let problems = try masquerader(backend).verify(request)
    if problems.isEmpty { return [] }
    let forms: [any Masquerader] = [
      own, iptables.masquerade(.nft, note: note), iptables.masquerade(.legacy, note: note),
    ]
    for form in forms where (try? form.verify(request)) == [] { return [] }
    return (try? own.isMasqueradedByUpstream(request)) == true ? [] : problems
  }

  package func remove(_ hint: MasqueradeHint) throws(CNIError) {
    try eachForm { (form) throws(CNIError) in try form.remove(hint) }
  }

  package func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try eachForm { (form) throws(CNIError) in try form.removeAll(ofNetwork: network, sparing: valid) }
  }

  private func eachForm(_ body: (any Masquerader) throws(CNIError) -> Void) throws(CNIError) {
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      try unlessMissing { () throws(CNIError) in try body(own) }
    }
    // Whichever variant is named, rules are removed from the tables of both.
    failures.run { () throws(CNIError) in try body(iptables.masquerade(.nft, note: note)) }
    try failures.throwIfAny()
  }
}

extension IPTablesHost {
  fileprivate func masquerade(
    _ variant: IPTablesSettings.Variant, note: @escaping (String) -> Void
  ) -> IPTablesMasquerade {
    IPTablesMasquerade(transport(variant), places: places, note: note)
  }
}

/// Our own table, or where the kernel has no nf_tables the tables of iptables-legacy.
private struct DefaultMasquerader: Masquerader {
  private let own: NFTablesMasquerade
  private let other: IPTablesMasquerade

  init(_ own: NFTablesMasquerade, instead other: IPTablesMasquerade) {
    self.own = own
    self.other = other
  }

  func apply(_ request: MasqueradeRequest) throws(CNIError) -> AppliedChange {
    try either { (masquerader) throws(CNIError) in try masquerader.apply(request) }
  }

  func verify(_ request: MasqueradeRequest) throws(CNIError) -> [String] {
    try either { (masquerader) throws(CNIError) in try masquerader.verify(request) }
  }

  func remove(_ hint: MasqueradeHint) throws(CNIError) {
    try either { (masquerader) throws(CNIError) in try masquerader.remove(hint) }
  }

  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try either { (masquerader) throws(CNIError) in try masquerader.removeAll(ofNetwork: network, sparing: valid) }
  }

  func probe() throws(CNIError) { try either { (masquerader) throws(CNIError) in try masquerader.probe() } }

  private func either<T>(_ body: (any Masquerader) throws(CNIError) -> T) throws(CNIError) -> T {
    do throws(CNIError) {
      return try body(own)
    } catch {
      // A probe fails so too where nf_tables lacks something.
      if error.code != .notAvailable || NFTablesPorts.isInKernel { throw error }
      return try body(other)
    }
  }
}

/// Does something that a kernel without nf_tables has no need of.
private func unlessMissing(_ body: () throws(CNIError) -> Void) throws(CNIError) {
  do throws(CNIError) {
    try body()
  } catch {
    if error.code != .notAvailable { throw error }
  }
}
