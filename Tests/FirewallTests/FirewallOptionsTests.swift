// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallOptionsTests {
  private static func options(_ members: String) throws -> FirewallOptions {
    try FirewallOptions(try Sample.network(Sample.config(members)))
  }

  @Test("without options addresses are accepted by whatever fits the host, and nothing else is asked")
  func defaults() throws {
    let empty = ["backend", "iptablesVariant", "iptablesAdminChainName", "firewalldZone", "ingressPolicy"]
    let members = [
      "", empty.map { #""\#($0)":"""# }.joined(separator: ","), empty.map { #""\#($0)":null"# }.joined(separator: ","),
      #""ingressPolicy":"open","dropInvalid":false,"denyDestinations":[],"allowDestinations":[]"#,
    ]
    for text in members {
      let options = try Self.options(text)
      #expect(options.backend == nil)
      #expect(options.iptables.variant == nil)
      #expect(options.iptables.adminChain == "CNI-ADMIN" && !options.namesAdminChain)
      #expect(options.zone == "trusted")
      #expect(options.isolation == nil)
      #expect(options.destinations.isEmpty && !options.dropsInvalid)
      let addresses = try Sample.addresses()
      #expect(options.rules(for: addresses, on: "cni0") == Sample.accepts(addresses))
    }
  }

  @Test(
    "a backend and a variant may be named", arguments: FirewallOptions.Backend.allCases,
    IPTablesSettings.Variant.allCases)
  func backends(backend: FirewallOptions.Backend, variant: IPTablesSettings.Variant) throws {
    let options = try Self.options(#""backend":"\#(backend.rawValue)","iptablesVariant":"\#(variant.rawValue)""#)
    #expect(options.backend == backend)
    #expect(options.iptables.variant == variant)
  }

  @Test("names may be those of the peer's configurations, whatever the case of the keys")
  func names() throws {
    let options = try Self.options(#""IptablesAdminChainName":"MY-ADMIN","firewalldZone":"internal""#)
    #expect(options.iptables.adminChain == "MY-ADMIN")
    #expect(options.namesAdminChain)
    #expect(options.zone == "internal")
    let longest = String(repeating: "x", count: 28)
    #expect(try Self.options(#""iptablesAdminChainName":"\#(longest)""#).iptables.adminChain == longest)
    #expect(try Self.options(#""iptablesAdminChainName":"CNI-ADMIN""#).namesAdminChain)
  }

  @Test(
    "an option that is not what it should be is an error with its path",
    arguments: [
      (#""backend":"ebtables""#, #"backend: expected one of nftables, iptables, firewalld, found "ebtables""#),
      (#""backend":5"#, "backend: expected a string, found 5"),
      (#""iptablesVariant":"bsd""#, #"iptablesVariant: expected one of legacy, nft, found "bsd""#),
      (#""iptablesVariant":true"#, "iptablesVariant: expected a string, found true"),
      (#""firewalldZone":5"#, "firewalldZone: expected a string, found 5"),
      (#""iptablesAdminChainName":5"#, "iptablesAdminChainName: expected a string, found 5"),
      (#""ingressPolicy":"closed""#, #"ingressPolicy: expected one of open, same-bridge, isolated, found "closed""#),
      (#""ingressPolicy":"Open""#, #"ingressPolicy: expected one of open, same-bridge, isolated, found "Open""#),
      (#""ingressPolicy":false"#, "ingressPolicy: expected a string, found false"),
      (#""dropInvalid":"yes""#, #"dropInvalid: expected true or false, found "yes""#),
      (#""dropInvalid":1"#, "dropInvalid: expected true or false, found 1"),
      (#""denyDestinations":"10.0.0.0/8""#, #"denyDestinations: expected a list, found "10.0.0.0/8""#),
      (#""allowDestinations":5"#, "allowDestinations: expected a list, found 5"),
      (#""denyDestinations":[5]"#, "denyDestinations[0]: expected a string, found 5"),
      (
        #""denyDestinations":["10.0.0.0/8","10.0.0.0/33"]"#,
        #"denyDestinations[1]: expected an address or a prefix, such as 192.0.2.0/24, found "10.0.0.0/33""#
      ),
      (
        #""allowDestinations":["example.org"]"#,
        #"allowDestinations[0]: expected an address or a prefix, such as 192.0.2.0/24, found "example.org""#
      ),
      (
        #""allowDestinations":[null]"#,
        "allowDestinations[0]: expected an address or a prefix, such as 192.0.2.0/24, found nothing"
      ),
      (
        #""denyDestinations":["fd00::/8","10.0.0.0/8"],"allowDestinations":["::1","10.1.2.3/8"]"#,
        "allowDestinations: 10.0.0.0/8 is in denyDestinations too"
      ),
    ])
  func invalid(members: String, message: String) {
    let error = #expect(throws: FieldError.self) { try Self.options(members) }
    #expect(error.map { "\($0)" } == message)
  }

  @Test(
    "a name that no chain can have, or that a program would take for something else, is an error",
    arguments: [
      String(repeating: "x", count: 29), String(repeating: "ü", count: 15), "a b", "a\\tb", " ", "-j", "!x",
      "a\\u007fb", "ACCEPT", "DROP", "QUEUE", "RETURN", "FORWARD", "CNI-FORWARD",
    ])
  func chainNames(name: String) {
    let error = #expect(throws: FieldError.self) { try Self.options(#""iptablesAdminChainName":"\#(name)""#) }
    #expect(error?.path == "iptablesAdminChainName")
    #expect(error?.reason.hasPrefix("expected the name of a chain, 1 to 28 bytes without white space, found ") == true)
  }

  @Test("there may be 4096 prefixes in a list, and not more", arguments: ["denyDestinations", "allowDestinations"])
  func manyPrefixes(field: String) throws {
    func list(_ count: Int) -> String {
      let items = (0..<count).map { #""10.0.\#($0 / 256).\#($0 % 256)""# }
      return #""\#(field)":[\#(items.joined(separator: ","))]"#
    }
    #expect(try !Self.options(list(4096)).destinations.isEmpty)
    let error = #expect(throws: FieldError.self) { try Self.options(list(4097)) }
    #expect(error.map { "\($0)" } == "\(field): at most 4096 prefixes, found 4097")
  }

  @Test("destinations are networks, or addresses alone")
  func destinations() throws {
    let options = try Self.options(#""denyDestinations":["10.1.2.3/8","fd00::1"],"allowDestinations":["10.0.0.1"]"#)
    let expected = DestinationLists(
      denied: [try #require(Prefix("10.0.0.0/8")), try #require(Prefix("fd00::1/128"))],
      allowed: [try #require(Prefix("10.0.0.1/32"))])
    #expect(options.destinations == expected)
  }
}

// MARK: - Rules

extension FirewallOptionsTests {
  @Test("all that is asked becomes rules: accepts, isolation, restrictions by family, and what drops")
  func allRules() throws {
    let options = try Self.options(
      #""ingressPolicy":"isolated","dropInvalid":true,"denyDestinations":["192.0.2.0/24","2001:db8::/32"]"#)
    let addresses = try Sample.addresses()
    let denied = try [("192.0.2.0", "192.0.3.0"), ("2001:db8::", "2001:db9::")].map { first, end in
      let range = AddressRange(first: try Sample.address(first), end: try Sample.address(end))
      return DeniedDestinations(network: "net", family: range.first.family, ranges: [range])
    }
    let expected: [Rule] =
      Sample.accepts(addresses) + [.isolate(Isolation(bridge: "cni0", .isolated))]
      + zip(addresses, denied).map { .restrict(Restriction($0, $1)) } + addresses.map { .dropInvalid($0) }
    #expect(options.rules(for: addresses, on: "cni0") == expected)
  }

  @Test("without a bridge nothing is isolated, and without addresses nothing else is asked")
  func partial() throws {
    let options = try Self.options(
      #""ingressPolicy":"same-bridge","dropInvalid":true,"denyDestinations":["0.0.0.0/0"]"#)
    #expect(options.rules(for: [], on: nil).isEmpty)
    #expect(options.rules(for: [], on: "cni0") == [.isolate(Isolation(bridge: "cni0", .sameBridge))])
    let six = try Sample.address("fd00::5")
    // Nothing of IPv6 is denied.
    #expect(options.rules(for: [six], on: nil) == Sample.accepts([six]) + [.dropInvalid(six)])
  }

  @Test("what may be reached alone denies the rest, in each family that the container has")
  func allowed() throws {
    let options = try Self.options(#""allowDestinations":["10.0.0.0/8"]"#)
    func restrictions(_ addresses: [IPAddress]) -> [String] {
      options.rules(for: addresses, on: nil).compactMap { rule in
        guard case .restrict(let restriction) = rule else { return nil }
        return "\(restriction.address) \(restriction.denied.ranges)"
      }
    }
    let addresses = try Sample.addresses()
    #expect(
      restrictions(addresses) == ["10.22.0.5 [0.0.0.0..<10.0.0.0, 11.0.0.0..<]", "fd00::5 [::..<]"])
    #expect(restrictions([addresses[1]]) == ["fd00::5 [::..<]"])
  }
}
