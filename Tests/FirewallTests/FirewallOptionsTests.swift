// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules
import Testing

@testable import Firewall

@Suite struct FirewallOptionsTests {
  private static let bridged = HostLink(name: "veth0", bridge: "cni0")
  private static let unbridged = HostLink(name: "veth0", bridge: nil)

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
      #expect(options.acceptMarkBit == 12)
      #expect(!options.needsLink)
      let addresses = try Sample.addresses()
      #expect(options.request(of: Sample.owner, for: addresses, at: Self.bridged).asks == Sample.accepts(addresses))
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

  @Test("the bit of the fwmark is a number of one of 32 bits", arguments: 0...31)
  func acceptMarkBit(bit: Int) throws {
    #expect(try Self.options(#""acceptMarkBit":\#(bit)"#).acceptMarkBit == bit)
  }

  @Test(
    "an option that goes by the container's link is any of these",
    arguments: [
      (#""ingressPolicy":"same-bridge""#, true), (#""ingressPolicy":"open""#, false), (#""dropInvalid":true"#, true),
      (#""denyDestinations":["10.0.0.0/8"]"#, true), (#""allowDestinations":["10.0.0.0/8"]"#, true),
      (#""acceptMarkBit":5"#, false), (#""backend":"iptables""#, false),
    ])
  func needsLink(members: String, expected: Bool) throws {
    #expect(try Self.options(members).needsLink == expected)
  }

  @Test("names may be those of upstream's configurations, whatever the case of the keys")
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
      (#""acceptMarkBit":32"#, "acceptMarkBit: expected a number between 0 and 31, found 32"),
      (#""acceptMarkBit":-1"#, "acceptMarkBit: expected a number between 0 and 31, found -1"),
      (#""acceptMarkBit":"12""#, #"acceptMarkBit: expected a number between 0 and 31, found "12""#),
      (#""acceptMarkBit":1.5"#, "acceptMarkBit: expected a number between 0 and 31, found 1.5"),
      (
        #""acceptMarkBit":9223372036854775807"#,
        "acceptMarkBit: expected a number between 0 and 31, found 9223372036854775807"
      ),
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
    let expected = name == "CNI-FORWARD" ? " that is not a plugin's own" : ", 1 to 28 bytes without white space"
    #expect(error?.reason.hasPrefix("expected the name of a chain\(expected), found ") == true)
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
  /// What is denied of these options, as the restrictions of both families have it.
  private static let denied = #""denyDestinations":["192.0.2.0/24","2001:db8::/32"]"#

  private static func deniedDestinations() throws -> [DeniedDestinations] {
    try [("192.0.2.0", "192.0.3.0"), ("2001:db8::", "2001:db9::")].map { first, end in
      let range = AddressRange(first: try Sample.address(first), end: try Sample.address(end))
      return DeniedDestinations(network: "net", family: range.first.family, ranges: [range])
    }
  }

  @Test("all that is asked becomes rules: accepts, restrictions by family, and what drops, and the same for the bridge")
  func allRules() throws {
    let options = try Self.options(#""ingressPolicy":"isolated","dropInvalid":true,\#(Self.denied)"#)
    let addresses = try Sample.addresses()
    let denied = try Self.deniedDestinations()
    let byAddress: [Ask] =
      Sample.accepts(addresses) + zip(addresses, denied).map { .restrict(Restriction(.address($0), $1)) }
      + addresses.map { .dropInvalid(.address($0)) }
    let byBridge: [Ask] =
      [.isolate(Isolation(bridge: "cni0", .isolated, port: "veth0"))]
      + denied.map { .restrict(Restriction(.bridge("cni0"), $0)) } + [.dropInvalid(.bridge("cni0"))]
    let all = options.request(of: Sample.owner, for: addresses, at: Self.bridged).asks
    #expect(all.count == (byAddress + byBridge).count && Set(all) == Set(byAddress + byBridge))
    #expect(options.linkAsks(at: Self.bridged) == byBridge)
  }

  @Test("on a veth that is no port of a bridge everything goes by the veth, and nothing is isolated")
  func veth() throws {
    let options = try Self.options(#""dropInvalid":true,\#(Self.denied)"#)
    let expected = try Self.deniedDestinations().map { Ask.restrict(Restriction(.veth("veth0"), $0)) }
    #expect(options.linkAsks(at: Self.unbridged) == expected + [.dropInvalid(.veth("veth0"))])
    #expect(try Self.options(#""ingressPolicy":"isolated""#).linkAsks(at: Self.unbridged).isEmpty)
  }

  @Test(
    "a container with IPv4 only does not reach what is denied of IPv6 either, by whatever address",
    arguments: [true, false])
  func otherFamily(isBridged: Bool) throws {
    let options = try Self.options(#""dropInvalid":true,\#(Self.denied)"#)
    let four = [try Sample.address("10.22.0.5")]
    let source: PacketSource = isBridged ? .bridge("cni0") : .veth("veth0")
    let rules = options.request(of: Sample.owner, for: four, at: isBridged ? Self.bridged : Self.unbridged).asks
    for denied in try Self.deniedDestinations() {
      #expect(rules.contains(.restrict(Restriction(source, denied))))
      #expect(rules.contains(.restrict(Restriction(.address(four[0]), denied))) == (denied.family == .ip))
    }
    #expect(rules.contains(.dropInvalid(source)))
  }

  @Test("without a link nothing is isolated, and without addresses only the link is asked about")
  func partial() throws {
    let options = try Self.options(
      #""ingressPolicy":"same-bridge","dropInvalid":true,"denyDestinations":["0.0.0.0/0"]"#)
    #expect(options.request(of: Sample.owner, for: [], at: nil).asks.isEmpty)
    #expect(options.request(of: Sample.owner, for: [], at: Self.bridged).asks == options.linkAsks(at: Self.bridged))
    #expect(options.linkAsks(at: Self.bridged).isolations == [Isolation(bridge: "cni0", .sameBridge, port: "veth0")])
    let six = try Sample.address("fd00::5")
    // Nothing of IPv6 is denied.
    #expect(
      options.request(of: Sample.owner, for: [six], at: nil).asks == Sample.accepts([six]) + [
        .dropInvalid(.address(six))
      ])
  }

  @Test("what may be reached alone denies the rest, in each family that the container has, and of the link in both")
  func allowed() throws {
    let options = try Self.options(#""allowDestinations":["10.0.0.0/8"]"#)
    func restrictions(_ addresses: [IPAddress], _ link: HostLink? = nil) -> [String] {
      options.request(of: Sample.owner, for: addresses, at: link).asks.compactMap { rule in
        guard case .restrict(let restriction) = rule else { return nil }
        return "\(restriction.source) \(restriction.denied.ranges)"
      }
    }
    let addresses = try Sample.addresses()
    let (four, six) = ("[0.0.0.0..<10.0.0.0, 11.0.0.0..<]", "[::..<]")
    #expect(restrictions(addresses) == ["address(10.22.0.5) \(four)", "address(fd00::5) \(six)"])
    #expect(restrictions([addresses[1]]) == ["address(fd00::5) \(six)"])
    #expect(restrictions([], Self.unbridged) == [#"veth("veth0") \#(four)"#, #"veth("veth0") \#(six)"#])
  }
}
