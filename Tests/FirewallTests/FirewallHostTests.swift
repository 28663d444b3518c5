// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallHostTests {
  private static func options(_ members: String) throws -> FirewallOptions {
    try FirewallOptions(try Sample.network(Sample.config(members)))
  }

  @Test(
    "without a backend that is asked for it is firewalld where that runs, else our own table, else upstream's rules",
    arguments: [
      (false, true, .nftables), (true, true, .firewalld), (true, false, .firewalld), (false, false, .iptables),
    ] as [(Bool, Bool, FirewallOptions.Backend)])
  func choice(isRunning: Bool, hasNFTables: Bool, expected: FirewallOptions.Backend) throws {
    // Neither names nor variants that only iptables knows, nor whether the host has iptables, choose it.
    for members in ["", #""iptablesAdminChainName":"X""#, #""iptablesVariant":"legacy""#] {
      for hasIPTables in [false, true] {
        let recording = RecordingHost()
        (recording.isFirewalldRunning, recording.hasIPTables) = (isRunning, hasIPTables)
        let options = try Self.options(members)
        #expect(try recording.host.backend(options, hasNFTables: hasNFTables) == expected)
      }
    }
  }

  @Test("a backend that is asked for is taken whatever the host has", arguments: FirewallOptions.Backend.allCases)
  func asked(backend: FirewallOptions.Backend) throws {
    for has in [false, true] {
      let recording = RecordingHost()
      (recording.isFirewalldRunning, recording.hasIPTables) = (has, has)
      recording.iptablesFailure = CNIError(.kernelRefused, "not asked")
      let options = try Self.options(#""iptablesAdminChainName":"X","backend":"\#(backend.rawValue)""#)
      #expect(try recording.host.backend(options, hasNFTables: has) == backend)
    }
  }

  @Test("a bus that does not answer is code 11, and no other backend is chosen in silence")
  func silentBus() throws {
    let recording = RecordingHost()
    let failure = CNIError(.tryAgainLater, "no answer in time")
    recording.busFailure = failure
    let options = try Self.options("")
    #expect(throws: failure) { try recording.host.backend(options, hasNFTables: true) }
    let named = try Self.options(#""backend":"nftables""#)
    #expect(try recording.host.backend(named, hasNFTables: true) == .nftables)
  }
}
