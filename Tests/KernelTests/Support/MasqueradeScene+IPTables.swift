// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPTables
import IPTablesLegacy
import Rules
import TestSupport

extension MasqueradeScene {
  /// How this host masquerades, where the program `iptables` is of a variant.
  func host(_ programs: IPTablesPrograms) -> MasqueradeHost {
    let tables = IPTablesHost(
      legacy: LegacyTransport(lockFile: programs.environment["XTABLES_LOCKFILE"]),
      programs: ["/usr/sbin/iptables-\(programs.variant.rawValue)"])
    return MasqueradeHost(tables, note: { _ in })
  }

  /// The chains and rules in the tables nat of both families, without numbers of packets.
  func saved(_ variant: IPTablesSettings.Variant) throws -> [String] {
    try ["iptables", "ip6tables"].flatMap { program in
      let text = try node.namespace.command("\(program)-\(variant.rawValue)-save", "-t", "nat")
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        line.hasPrefix(":") ? line.split(separator: " ").prefix(2).joined(separator: " ") : String(line)
      }
    }
  }

  /// The lines of these that are about containers.
  func savedOfContainers(_ variant: IPTablesSettings.Variant) throws -> [String] {
    try saved(variant).filter { $0.contains("CNI-") }
  }
}
