// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite struct IPTablesPortsTests {
  private static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
  private static let table = IPTable(.nat, .ip)

  private let tables = MemoryTransport()

  private func backend(_ settings: IPTablesSettings = IPTablesSettings(), note: @escaping (String) -> Void = { _ in })
    -> IPTablesPorts
  {
    IPTablesPorts(settings, transport: tables, places: [tables], note: note)
  }

  private static func wanted(
    _ owner: CNI.Attachment = owner, _ port: UInt16 = 8080, transport: TransportProtocol = .tcp, on host: String? = nil
  ) throws -> PortForwardingRequest {
    let destination = Endpoint(address: try #require(IPAddress("10.22.0.5")), transport: transport, port: 80)
    let source = try #require(Prefix("10.22.0.0/16"))
    return PortForwardingRequest(
      owner,
      [
        PortForward(
          port: port, on: host.flatMap { IPAddress($0) }, to: destination, if: nil, masquerading: [source, .loopback4])
      ])
  }

  private func add(_ wanted: PortForwardingRequest, _ policy: ConflictPolicy = .replace) throws {
    _ = try backend().apply(wanted, onConflict: policy)
  }

  @Test("the rules are upstream's, word for word")
  func rules() throws {
    try add(try Self.wanted())
    // printf netid | sha512sum
    let chain = "CNI-DN-\(PortRules.chain(Self.owner).dropFirst(7))"
    #expect(
      tables.rules(Self.table) == [
        "-A \(chain) -s 10.22.0.0/16 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-A \(chain) -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-A \(chain) -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.22.0.5:80",
        #"-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"net\" id: \"id\"" "#
          + "-m multiport --dports 8080 -j \(chain)",
        "-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
        #"-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000"#,
        "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        #"-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ"#,
        "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
      ])
    #expect(tables.rules(IPTable(.nat, .ip6)).isEmpty)
  }

  @Test("the chain of eth0 is named as upstream names it, and those of other interfaces by themselves")
  func chains() {
    // printf nabc | sha512sum
    let owner = CNI.Attachment(network: "n", containerID: "abc", interface: "eth0")
    #expect(PortRules.chain(owner) == "CNI-DN-5a1527d2fe74c1a342e29")
    let other = CNI.Attachment(network: "n", containerID: "abc", interface: "net1")
    #expect(PortRules.chain(other) != PortRules.chain(owner))
    #expect(PortRules.chain(other).utf8.count == 28)
  }

  @Test("a repeated ADD changes nothing, and CHECK finds nothing and changes nothing")
  func repeated() throws {
    try add(try Self.wanted())
    let commits = tables.commits
    try add(try Self.wanted())
    #expect(try backend().verify(Self.wanted()).isEmpty)
    #expect(tables.commits == commits)
    #expect(try !backend().verify(Self.wanted(Self.owner, 8081)).isEmpty)
    #expect(tables.commits == commits)
  }

  @Test("more than fifteen ports take several entries")
  func manyPorts() throws {
    let destination = Endpoint(address: try #require(IPAddress("10.22.0.5")), transport: .udp, port: 80)
    let forwards = (0..<31).map { PortForward(port: 9000 + UInt16($0), on: nil, to: destination, if: nil) }
    try add(PortForwardingRequest(Self.owner, forwards))
    let entries = tables.rules(Self.table).filter { $0.hasPrefix("-A CNI-HOSTPORT-DNAT") }
    #expect(entries.count == 3)
    #expect(entries.allSatisfy { $0.contains("-p udp") })
    #expect(entries.last?.contains("--dports 9030 ") == true)
  }

  @Test("a port that is published on several addresses is marked once on each, from each source")
  func severalAddresses() throws {
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    try add(PortForwardingRequest(Self.owner, try addresses.flatMap { try Self.wanted(on: $0).forwards }))
    let marks = tables.rules(Self.table).filter { $0.hasSuffix("-j CNI-HOSTPORT-SETMARK") }
    #expect(marks.count == 6)
    #expect(Set(marks).count == 6)
  }

  @Test("of two containers that want a port the last has it, and its DEL gives it back to the first")
  func lastWrite() throws {
    let other = CNI.Attachment(network: "net", containerID: "other", interface: "eth0")
    try add(try Self.wanted())
    try add(try Self.wanted(other))
    func first() -> String? { tables.rules(Self.table).first { $0.hasPrefix("-A CNI-HOSTPORT-DNAT") } }
    #expect(first()?.hasSuffix(PortRules.chain(other)) == true)
    let freed = try backend().remove(PortForwardingRequest(other, []), ports: [])
    #expect(freed.map(\.hostPort.port) == [8080])
    #expect(first()?.hasSuffix(PortRules.chain(Self.owner)) == true)
    #expect(throws: CNIError.self) { try add(try Self.wanted(other), .error) }
    #expect(!tables.rules(Self.table).contains { $0.contains(PortRules.chain(other)) })
  }

  @Test("with hostPortConflict only the same address is a conflict")
  func conflicts() throws {
    let other = CNI.Attachment(network: "net", containerID: "other", interface: "eth0")
    try add(try Self.wanted(on: "192.0.2.1"))
    try add(try Self.wanted(other, on: "192.0.2.2"), .error)
    try add(
      try Self.wanted(CNI.Attachment(network: "net", containerID: "udp", interface: "eth0"), transport: .udp), .error)
    let third = CNI.Attachment(network: "net", containerID: "third", interface: "eth0")
    let error = #expect(throws: CNIError.self) { try add(try Self.wanted(third, on: "192.0.2.1"), .error) }
    #expect(error?.code == .hostPortConflict)
  }

  @Test("DEL leaves the rules of others, and GC those of its list and of other networks")
  func removal() throws {
    let owners = ["a", "b", "c"].map { CNI.Attachment(network: "net", containerID: $0, interface: "eth0") }
    let foreign = CNI.Attachment(network: "net2", containerID: "a", interface: "eth0")
    for (index, owner) in (owners + [foreign]).enumerated() { try add(try Self.wanted(owner, 9000 + UInt16(index))) }
    _ = try backend().remove(PortForwardingRequest(owners[0], []), ports: [])
    _ = try backend().removeAll(ofNetwork: "net", sparing: [AttachmentID(containerID: "b", interface: "eth0")])
    let left = tables.rules(Self.table).filter { $0.hasPrefix("-A CNI-HOSTPORT-DNAT") }
    #expect(left.count == 2)
    for owner in [owners[1], foreign] { #expect(left.contains { $0.hasSuffix(PortRules.chain(owner)) }) }
    #expect(tables.chains[Self.table]?.keys.filter { $0.hasPrefix("CNI-DN-") }.count == 2)
  }

  @Test("another chain marks if it exists; else ours does, with a note")
  func markChain() throws {
    var notes: [String] = []
    let settings = IPTablesSettings(markChain: "KUBE-MARK-MASQ")
    let backend = backend(settings) { notes.append($0) }
    _ = try backend.apply(try Self.wanted(), onConflict: .replace)
    #expect(notes.count == 1)
    #expect(tables.rules(Self.table).contains { $0.hasSuffix("--dport 8080 -j CNI-HOSTPORT-SETMARK") })
    try tables.change(Self.table) { (table) throws(CNIError) in try table.ensureChain("KUBE-MARK-MASQ") }
    _ = try backend.apply(try Self.wanted(), onConflict: .replace)
    #expect(notes.count == 1)
    #expect(tables.rules(Self.table).contains { $0.hasSuffix("--dport 8080 -j KUBE-MARK-MASQ") })
  }

  @Test(
    "a port of 127.0.0.1 is kept for this host by rules before the jump to the entries, which CHECK does not require")
  func loopback() throws {
    try add(try Self.wanted())
    let upstreams = tables.rules(Self.table)
    #expect(!upstreams.contains { $0.contains("CNI-HOSTPORT-LOCAL") })
    let other = try Self.wanted(
      CNI.Attachment(network: "net", containerID: "other", interface: "eth0"), 9090, on: "127.0.0.1")
    try add(other)
    let jump = #"-d 127.0.0.0/8 ! -i lo -m comment --comment "CNI portfwd localhost" -j CNI-HOSTPORT-LOCAL"#
    func translating() -> [String] { tables.rules(Self.table, "PREROUTING") }
    #expect(translating() == [jump, "-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"])
    #expect(tables.rules(Self.table, "CNI-HOSTPORT-LOCAL") == ["-i loopback0 -j RETURN", "-j ACCEPT"])
    // Behind the jump to the entries it would have no effect.
    try tables.change(Self.table) { (table) throws(CNIError) in
      for rule in try table.rules(of: "PREROUTING") ?? [] where rule.jump == "CNI-HOSTPORT-LOCAL" {
        table.remove(rule, from: "PREROUTING")
      }
    }
    #expect(try backend().verify(other).isEmpty)
    try tables.append([jump], to: "PREROUTING", of: Self.table)
    try add(other)
    #expect(translating().first == jump)
    #expect(translating().count == 2)
    let commits = tables.commits
    try add(other)
    #expect(tables.commits == commits)
  }

  @Test("a failure after the change undoes it")
  func failure() throws {
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      try backend().apply(Self.wanted(), onConflict: .replace).complete { () throws(CNIError) in throw failure }
    }
    #expect(!tables.rules(Self.table).contains { $0.contains("CNI-DN-") })
  }

  @Test("a repeated ADD with other ports that fails leaves the former rules")
  func failedAgain() throws {
    try add(try Self.wanted())
    let before = tables.rules(Self.table)
    let failure = CNIError(.inputOutput, "no")
    for forwards in [try Self.wanted(Self.owner, 9090).forwards, []] {
      let other = PortForwardingRequest(Self.owner, forwards)
      #expect(throws: failure) {
        try backend().apply(other, onConflict: .replace).complete { () throws(CNIError) in throw failure }
      }
      #expect(tables.rules(Self.table) == before)
    }
  }

  @Test("a repeated ADD that fails does not take back a port that another container has taken over")
  func failedAgainBehind() throws {
    func owner(_ id: String) -> CNI.Attachment { CNI.Attachment(network: "net", containerID: id, interface: "eth0") }
    try add(try Self.wanted())
    for id in ["b", "c"] { try add(try Self.wanted(owner(id))) }
    try add(try Self.wanted(owner("d"), 7070))
    let before = tables.rules(Self.table)
    let failure = CNIError(.inputOutput, "no")
    for again in [Self.owner, owner("b"), owner("d")] {
      #expect(throws: failure) {
        try backend().apply(Self.wanted(again, 9090), onConflict: .replace).complete { () throws(CNIError) in
          throw failure
        }
      }
      #expect(tables.rules(Self.table) == before)
    }
  }

  @Test("conditions that iptables would not understand are code 7 with their field")
  func badConditions() throws {
    var settings = IPTablesSettings()
    settings.conditions[.ip] = ["-x"]
    let error = #expect(throws: CNIError.self) {
      _ = try backend(settings).apply(Self.wanted(), onConflict: .replace)
    }
    #expect(error == CNIError(.invalidConfiguration, #"conditionsV4: "-x" is not supported here"#))
    #expect(tables.commits == 0)
  }
}
