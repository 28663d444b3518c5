// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallHintTests {
  private static func result(_ text: String) throws -> NetworkResult {
    try NetworkResult(decoding: try Field(text), implied: .v1_0_0)
  }

  private static func options(_ members: String) throws -> FirewallOptions {
    try FirewallOptions(try Sample.network(Sample.config(members)))
  }

  /// What ADD asks for where the container's veth is this port of a bridge, or of none.
  private static func wanted(_ options: FirewallOptions, _ port: String, _ bridge: String?) throws -> [Ask] {
    options.request(of: Sample.owner, for: try Sample.addresses(), at: HostLink(name: port, bridge: bridge)).asks
  }

  /// A result with these interfaces of the host.
  private static func result(interfaces: [String]) throws -> NetworkResult {
    let all = interfaces.map { #"{"name":"\#($0)"}"# } + [#"{"name":"eth0","sandbox":"/x"}"#]
    let index = interfaces.count
    let ips = Sample.dual.map { #"{"address":"\#($0)","interface":\#(index)}"# }
    return try result(
      #"{"cniVersion":"1.0.0","interfaces":[\#(all.joined(separator: ","))],"ips":[\#(ips.joined(separator: ","))]}"#)
  }

  @Test(
    "a hint holds what ADD has asked for, whichever interface is the bridge, and whichever its port",
    arguments: [
      #""ingressPolicy":"isolated""#, #""ingressPolicy":"same-bridge","dropInvalid":true"#, #""dropInvalid":true"#,
      #""denyDestinations":["10.0.0.0/8","fd00::/8"]"#,
      #""ingressPolicy":"isolated","dropInvalid":true,"allowDestinations":["10.0.0.0/8"]"#,
    ])
  func whole(members: String) throws {
    let options = try Self.options(members)
    let names = ["cni0", "veth0", "ifb0"]
    let hint = FirewallHint(Sample.owner, options, try Self.result(interfaces: names))
    #expect(hint.hostInterfaces == names)
    for bridge in names {
      for port in names where port != bridge {
        #expect(Set(try Self.wanted(options, port, bridge)).isSubset(of: hint.request.asks))
        #expect(Set(try Self.wanted(options, port, nil)).isSubset(of: hint.request.asks))
      }
    }
    #expect(
      Set(options.request(of: Sample.owner, for: try Sample.addresses(), at: nil).asks).isSubset(of: hint.request.asks))
  }

  @Test(
    "whatever the options are, each interface of the host is hinted at, as the record may name it, so that nothing has to be looked for"
  )
  func open() throws {
    let hint = FirewallHint(Sample.owner, try Self.options(""), try Self.result(Sample.result(Sample.dual)))
    #expect(hint.request.asks == Sample.accepts(try Sample.addresses()) + Sample.ports)
    // One of them may still be the port that a former ADD has isolated.
    #expect(hint.hostInterfaces == ["cni0", "veth0"])
  }

  @Test(
    "names that no interface can have are left out, as the kernel would refuse the whole question",
    arguments: ["sixteen-bytes-xx", "a/b", "", ".", "..", "a b"])
  func names(name: String) throws {
    let options = try Self.options(#""ingressPolicy":"isolated","dropInvalid":true"#)
    let hint = FirewallHint(Sample.owner, options, try Self.result(interfaces: [name, "cni0", "veth0"]))
    #expect(hint.hostInterfaces == ["cni0", "veth0"])
    #expect(
      hint.request.asks
        == FirewallHint(Sample.owner, options, try Self.result(interfaces: ["cni0", "veth0"])).request.asks)
    #expect(
      FirewallHint(Sample.owner, options, try Self.result(interfaces: ["fifteen_bytes_x"])).hostInterfaces == [
        "fifteen_bytes_x"
      ])
  }

  @Test("the host's end that the kernel tells, and its bridge, are hinted at before what the result names, each once")
  func link() throws {
    let options = try Self.options(#""ingressPolicy":"isolated""#)
    func hint(_ interfaces: [String], _ bridge: String?) throws -> FirewallHint {
      let link = HostLink(name: "veth0", bridge: bridge)
      return FirewallHint(Sample.owner, options, try Self.result(interfaces: interfaces), at: link)
    }
    #expect(try hint([], "cni0").hostInterfaces == ["veth0", "cni0"])
    #expect(try hint([], nil).hostInterfaces == ["veth0"])
    #expect(try hint(["cni0", "veth0", "ifb0"], "cni0").hostInterfaces == ["veth0", "cni0", "ifb0"])
    let wanted = try Self.wanted(options, "veth0", "cni0")
    #expect(Set(wanted).isSubset(of: try hint([], "cni0").request.asks))
  }

  @Test("of a result with very many interfaces only the first are hinted at")
  func many() throws {
    let options = try Self.options(#""ingressPolicy":"isolated""#)
    let hint = FirewallHint(Sample.owner, options, try Self.result(interfaces: (0..<500).map { "veth\($0)" }))
    #expect(hint.hostInterfaces.count == 6)
    #expect(hint.request.asks.isolations.count == 30)
  }

  @Test("with options that cannot be read the accepts and the ports are left, and without a result nothing")
  func partial() throws {
    let result = try Self.result(Sample.result(Sample.dual))
    #expect(
      FirewallHint(Sample.owner, nil, result).request.asks == Sample.accepts(try Sample.addresses()) + Sample.ports)
    #expect(FirewallHint(Sample.owner, nil, nil).request.asks.isEmpty)
    #expect(
      FirewallHint(Sample.owner, try Self.options(#""ingressPolicy":"isolated","dropInvalid":true"#), nil).request.asks
        .isEmpty)
  }

  @Test(
    "the container's addresses are all but those of the host's interfaces, each once",
    arguments: [
      (#""ips":[{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16"}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.1/16","interface":0},{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16","interface":7}]"#, ["10.22.0.5"]),
      (#""ips":[{"address":"10.22.0.5/16","interface":-1}]"#, ["10.22.0.5"]),
      (
        #""ips":[{"address":"10.22.0.5/16","interface":2},{"address":"fd00::5/64","interface":3},{"address":"10.22.0.5/24"}]"#,
        ["10.22.0.5", "fd00::5"]
      ),
      (#""ips":[{"address":"10.22.0.5/16","interface":0},{"address":"10.22.0.5/16","interface":2}]"#, ["10.22.0.5"]),
      (#""ips":[]"#, []), (#""routes":[]"#, []),
    ])
  func addresses(ips: String, expected: [String]) throws {
    let interfaces =
      #"[{"name":"cni0"},{"name":"veth0"},{"name":"eth0","sandbox":"/x"},{"name":"eth1","sandbox":"/x"}]"#
    let result = try Self.result(#"{"cniVersion":"1.0.0","interfaces":\#(interfaces),\#(ips)}"#)
    #expect(result.containerAddresses.accepted.map(\.description) == expected)
  }

  @Test("a result without interfaces has only addresses of the container, in every version")
  func noInterfaces() throws {
    let results = [
      #"{"cniVersion":"0.2.0","ip4":{"ip":"10.22.0.5/16"},"ip6":{"ip":"fd00::5/64"}}"#,
      #"{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.22.0.5/16"},{"version":"6","address":"fd00::5/64"}]}"#,
      #"{"cniVersion":"1.1.0","ips":[{"address":"10.22.0.5/16","interface":0},{"address":"fd00::5/64"}]}"#,
    ]
    for text in results {
      #expect(
        try Self.result(text).containerAddresses == ResultAddresses(accepted: try Sample.addresses(), ofHost: []))
    }
  }

  @Test(
    "the addresses of interfaces without sandbox are told apart, and one that the container has too is the container's")
  func ofHost() throws {
    let interfaces = #"[{"name":"cni0"},{"name":"eth0","sandbox":"/x"}]"#
    let ips = [("10.22.0.1/16", 0), ("10.22.0.5/16", 1), ("10.22.0.5/16", 0), ("fd00::1/64", 0)]
    let list = ips.map { #"{"address":"\#($0)","interface":\#($1)}"# }.joined(separator: ",")
    let result = try Self.result(#"{"cniVersion":"1.0.0","interfaces":\#(interfaces),"ips":[\#(list)]}"#)
    let addresses = result.containerAddresses
    #expect(addresses.accepted.map(\.description) == ["10.22.0.5"])
    #expect(addresses.ofHost.map(\.description) == ["10.22.0.1", "fd00::1"])
  }
}
