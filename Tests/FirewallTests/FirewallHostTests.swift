// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallHostTests {
  private static func options(_ members: String) throws -> FirewallOptions {
    try FirewallOptions(try Sample.network(Sample.config(members)))
  }

  @Test(
    "without a backend that is asked for it is firewalld where that runs, and iptables where that is what drops",
    arguments: [
      (false, false, "", .nftables), (false, true, "", .iptables), (true, false, "", .firewalld),
      (true, true, "", .firewalld), (false, false, #""iptablesAdminChainName":"X""#, .iptables),
      (true, false, #""iptablesAdminChainName":"X""#, .firewalld),
      (false, false, #""iptablesVariant":"nft""#, .nftables),
    ] as [(Bool, Bool, String, FirewallOptions.Backend)])
  func choice(isRunning: Bool, canDrop: Bool, members: String, expected: FirewallOptions.Backend) throws {
    let recording = RecordingHost()
    recording.isFirewalldRunning = isRunning
    recording.canIPTablesDrop = canDrop
    #expect(try recording.host.backend(try Self.options(members)) == expected)
  }

  @Test("a backend that is asked for is taken whatever the host has", arguments: FirewallOptions.Backend.allCases)
  func asked(backend: FirewallOptions.Backend) throws {
    for has in [false, true] {
      let recording = RecordingHost()
      (recording.isFirewalldRunning, recording.canIPTablesDrop) = (has, has)
      recording.iptablesFailure = CNIError(.kernelRefused, "not asked")
      let members = #""iptablesAdminChainName":"X","backend":"\#(backend.rawValue)""#
      #expect(try recording.host.backend(try Self.options(members)) == backend)
    }
  }

  @Test("that nobody can say whether packets are dropped is an error")
  func unknown() throws {
    let recording = RecordingHost()
    let failure = CNIError(.kernelRefused, "no")
    recording.iptablesFailure = failure
    let options = try Self.options("")
    #expect(throws: failure) { try recording.host.backend(options) }
  }

  @Test("rules are split: accepts and isolation for the tables of iptables, all others for our own")
  func split() throws {
    let address = try Sample.address("10.22.0.5")
    let denied = DeniedDestinations(network: "net", family: .ip, ranges: [AddressRange(first: address, end: nil)])
    let destination = Endpoint(address: address, transport: .tcp, port: 80)
    let iptables: [Rule] = [.acceptForwarded(ForwardAccept(address)), .isolate(Isolation(bridge: "cni0", .isolated))]
    let nftables: [Rule] = [
      .restrict(Restriction(address, denied)), .dropInvalid(address),
      .forwardPort(PortForward(port: 1, on: nil, to: destination, if: nil)),
      .masquerade(Masquerade(hostPort: 1, destination: destination, source: .loopback4)),
    ]
    let split = OwnedRules(owner: Sample.owner, rules: nftables + iptables).splitForIPTables()
    #expect(split.iptables.rules == iptables)
    #expect(split.nftables.rules == nftables)
    #expect(split.iptables.owner == Sample.owner && split.nftables.owner == Sample.owner)
  }

  @Test("where the kernel has no table of ours, only rules for it are a failure")
  func beside() throws {
    let noTables = CNIError(.notAvailable, "no nf_tables")
    let none = OwnedRules(owner: Sample.owner, rules: [])
    let some = OwnedRules(owner: Sample.owner, rules: [.dropInvalid(.loopback6)])
    func apply(_ wanted: OwnedRules, _ failure: CNIError?) throws -> Int {
      let recording = RecordingHost()
      recording.nftables.failure = failure
      var completions = 0
      try recording.host.applyBeside(wanted) { completions += 1 }
      #expect(recording.nftables.applied.map(\.rules) == [wanted.rules])
      return completions
    }
    #expect(try apply(none, nil) == 1)
    #expect(try apply(some, nil) == 1)
    #expect(try apply(none, noTables) == 1)
    #expect(throws: noTables) { _ = try apply(some, noTables) }
    let refused = CNIError(.kernelRefused, "no")
    #expect(throws: refused) { _ = try apply(none, refused) }
  }
}
