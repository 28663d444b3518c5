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

  @Test("a bus that does not answer is code 11, and no other backend is chosen in silence")
  func silentBus() throws {
    let recording = RecordingHost()
    let failure = CNIError(.tryAgainLater, "no answer in time")
    recording.busFailure = failure
    let options = try Self.options("")
    #expect(throws: failure) { try recording.host.backend(options) }
    #expect(try recording.host.backend(try Self.options(#""backend":"nftables""#)) == .nftables)
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

  @Test("an owner is recorded where it has something in our table, and nobody where the kernel has none")
  func recorded() throws {
    func isRecorded(_ owned: Result<[ForwardAccept], CNIError>) throws -> Bool {
      let recording = RecordingHost()
      recording.nftables.owned = owned
      return try recording.host.isRecorded(Sample.owner)
    }
    #expect(try isRecorded(.success([ForwardAccept(.loopback6)])))
    #expect(try !isRecorded(.success([])))
    #expect(try !isRecorded(.failure(CNIError(.notAvailable, "no nf_tables"))))
    let refused = CNIError(.kernelRefused, "no")
    #expect(throws: refused) { _ = try isRecorded(.failure(refused)) }
  }
}
