// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite("whether ports can be published in tables of iptables") struct PortProbeTests {
  private let tables = MemoryTransport()

  private func probe(_ settings: IPTablesSettings = IPTablesSettings()) throws(CNIError) {
    try IPTablesPorts(settings, transport: tables, places: [tables], note: { _ in }).probe()
  }

  @Test("all kinds of rules are tried in both families, and none is made")
  func everything() throws {
    var settings = IPTablesSettings(markBit: 7)
    settings.conditions[.ip] = ["-s", "192.0.2.0/24"]
    try probe(settings)
    #expect(tables.commits == 0)
    for text in [
      "-j DNAT", "-j MASQUERADE", "--set-xmark 0x80/0x80", "-m multiport", "-m addrtype", "-p udp", "-j DROP",
      "CNI-HOSTPORT-LOCAL -j ACCEPT", "-s 192.0.2.0/24",
    ] {
      #expect(tables.rehearsed.contains { $0.contains(text) }, "\(text)")
    }
    for family in ["iptables", "ip6tables"] {
      #expect(tables.rehearsed.contains { $0.hasPrefix("\(family) table nat: ") && $0.contains("-j DNAT") })
    }
  }

  @Test("a host without IPv6 publishes ports of IPv4, and one without IPv4's tables none")
  func families() throws {
    tables.missingFamilies = [.ip6]
    try probe()
    tables.missingFamilies = [.ip]
    let error = #expect(throws: CNIError.self) { try probe() }
    #expect(error?.code == .notAvailable)
  }

  @Test("an error in the conditions is not an error of the kernel")
  func conditions() {
    var settings = IPTablesSettings()
    settings.conditions[.ip] = ["--nonsense"]
    #expect(throws: CNIError(.invalidConfiguration, #"conditionsV4: "--nonsense" is not supported here"#)) {
      try probe(settings)
    }
  }

  @Test(
    "the variant is the used one, or the one that the kernel supports, and only then the administrator's",
    arguments: IPTablesSettings.Variant.allCases)
  func variants(preferred: IPTablesSettings.Variant) {
    func chosen(_ nft: IPTablesPresence, _ legacy: IPTablesPresence) -> IPTablesSettings.Variant {
      .chosen(nft: nft, legacy: legacy) { preferred }
    }
    #expect(chosen(.used, .empty) == .nft)
    #expect(chosen(.used, .missing) == .nft)
    #expect(chosen(.empty, .used) == .legacy)
    #expect(chosen(.missing, .used) == .legacy)
    #expect(chosen(.missing, .empty) == .legacy)
    #expect(chosen(.empty, .missing) == .nft)
    #expect(chosen(.empty, .empty) == preferred)
    #expect(chosen(.used, .used) == preferred)
  }
}
