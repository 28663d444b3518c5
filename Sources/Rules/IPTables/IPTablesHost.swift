// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS
import Rules

/// How this host keeps the tables of iptables.
package struct IPTablesHost: Sendable {
  /// The programs whose name tells what the host's administrator has chosen.
  private let programs: [String]

  package init(programs: [String] = ["/usr/sbin/iptables", "/sbin/iptables", "/usr/local/sbin/iptables"]) {
    self.programs = programs
  }

  /// The backend for a configuration; `note` tells the operator something.
  package func backend(
    _ settings: IPTablesSettings, note: @escaping (String) -> Void
  ) throws(CNIError) -> IPTablesBackend {
    let transport: any IPTablesTransport
    switch settings.variant ?? variant() {
    case .nft: transport = NFTCompatTransport()
    case .legacy: transport = LegacyTransport()
    }
    let places: [any IPTablesTransport] = [NFTCompatTransport(), LegacyTransport()]
    return IPTablesBackend(settings, transport: transport, places: places, note: note)
  }

  /// The variant whose tables hold rules; with both or none, the one that the program `iptables` is.
  private func variant() -> IPTablesSettings.Variant {
    switch (NFTCompatTransport.isUsed(), LegacyTransport.isUsed()) {
    case (true, false): return .nft
    case (false, true): return .legacy
    case (true, true), (false, false): break
    }
    for program in programs {
      guard let path = resolvedPath(program) else { continue }
      return path.contains("legacy") ? .legacy : .nft
    }
    return .nft
  }
}
