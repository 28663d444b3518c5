// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

/// Matches for the packets that fail a condition (Condition+Expressions.swift).
@Suite struct ConditionFailureTests {
  private static func failure(
    _ test: Condition.Test, _ family: AddressFamily = .ip, isNegated: Bool = false
  ) -> ConditionFailure {
    Condition(test, isNegated: isNegated).failure(family, setName: "set")
  }

  private static func prefixes(_ texts: [String]) -> [Prefix] { texts.compactMap { Prefix($0) } }

  /// The limits as text, with a bar after those that end an interval.
  private static func limits(_ failure: ConditionFailure) -> [String] {
    failure.elements.map { element in
      let key = element.id.key
      let text = key.count == 2 ? "\(Int(key[0]) << 8 | Int(key[1]))" : IPAddress(bytes: key)?.description ?? "?"
      return text + (element.endsInterval ? "|" : "")
    }
  }

  @Test(
    "prefixes become the limits of intervals, in order and merged",
    arguments: [
      (["10.0.0.0/8", "192.0.2.0/24"], ["0.0.0.0|", "10.0.0.0", "11.0.0.0|", "192.0.2.0", "192.0.3.0|"]),
      (["192.0.2.0/24", "10.0.0.0/8"], ["0.0.0.0|", "10.0.0.0", "11.0.0.0|", "192.0.2.0", "192.0.3.0|"]),
      (["10.0.0.0/9", "10.128.0.0/9"], ["0.0.0.0|", "10.0.0.0", "11.0.0.0|"]),
      (["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16"], ["0.0.0.0|", "10.0.0.0", "11.0.0.0|"]),
      (["10.0.0.0/16", "10.0.0.0/8"], ["0.0.0.0|", "10.0.0.0", "11.0.0.0|"]),
      (["10.0.0.1/32", "10.0.0.3/32"], ["0.0.0.0|", "10.0.0.1", "10.0.0.2|", "10.0.0.3", "10.0.0.4|"]),
      (["10.0.0.1/32", "10.0.0.1/32"], ["0.0.0.0|", "10.0.0.1", "10.0.0.2|"]),
      (["0.0.0.0/8", "255.0.0.0/8"], ["0.0.0.0", "1.0.0.0|", "255.0.0.0"]),
      (["128.0.0.0/1", "255.255.255.255/32"], ["0.0.0.0|", "128.0.0.0"]),
      (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0"]),
    ])
  func prefixIntervals(texts: [String], expected: [String]) {
    let prefixes = Self.prefixes(texts)
    #expect(prefixes.count == texts.count)
    for test in [Condition.Test.source(prefixes), .destination(prefixes)] {
      let failure = Self.failure(test)
      #expect(Self.limits(failure) == expected)
      #expect(failure.sets.map(\.name) == ["set"])
      #expect(failure.sets.map(\.key) == [[.ipv4Address]])
      #expect(failure.matches.map { $0.map(\.kind) } == [["meta", "cmp", "payload", "lookup"]])
    }
  }

  @Test("prefixes of IPv6 become limits too, up to the last address")
  func prefixIntervals6() {
    let failure = Self.failure(.source(Self.prefixes(["::1/128", "ff00::/8", "fe00::/8"])), .ip6)
    #expect(Self.limits(failure) == ["::|", "::1", "::2|", "fe00::"])
    #expect(failure.sets.map(\.key) == [[.ipv6Address]])
  }

  @Test(
    "no packet fails a prefix of all addresses, and every packet of the family fails its negation",
    arguments: AddressFamily.allCases)
  func everything(family: AddressFamily) {
    let host = family == .ip ? "10.0.0.1/32" : "fd00::1/128"
    for prefixes in [[.all(family)], Self.prefixes([host]) + [.all(family)]] {
      let plain = Self.failure(.source(prefixes), family)
      #expect(plain.matches.isEmpty)
      let negated = Self.failure(.source(prefixes), family, isNegated: true)
      #expect(negated.matches == [Match.family(family)])
      #expect(plain.sets.isEmpty && plain.elements.isEmpty && negated.sets.isEmpty && negated.elements.isEmpty)
    }
  }

  @Test(
    "ports become the limits of intervals, in order and merged",
    arguments: [
      ([1...2, 5...6], ["0|", "1", "3|", "5", "7|"]), ([5...6, 1...2], ["0|", "1", "3|", "5", "7|"]),
      ([1...2, 3...4], ["0|", "1", "5|"]), ([1...10, 5...20], ["0|", "1", "21|"]),
      ([1...10, 2...3, 7...7], ["0|", "1", "11|"]), ([0...0, 65_535...65_535], ["0", "1|", "65535"]),
      ([1000...65_535, 2000...3000], ["0|", "1000"]), ([0...65_535], ["0"]), ([255...256], ["0|", "255", "257|"]),
    ] as [([ClosedRange<UInt16>], [String])])
  func portIntervals(ranges: [ClosedRange<UInt16>], expected: [String]) {
    let failure = Self.failure(.sourcePort(.udp, ranges))
    #expect(Self.limits(failure) == expected)
    #expect(failure.sets.map(\.key) == [[.internetService]])
    #expect(failure.matches.last?.map(\.kind) == ["meta", "cmp", "payload", "lookup"])
  }

  @Test(
    "packets of other protocols fail a condition about ports, negated or not", arguments: TransportProtocol.allCases)
  func otherProtocols(transport: TransportProtocol) throws {
    for ranges in [[80...80], [80...81]] as [[ClosedRange<UInt16>]] {
      for isNegated in [false, true] {
        let matches = Self.failure(.sourcePort(transport, ranges), isNegated: isNegated).matches
        try #require(matches.count == 2)
        #expect(matches[0] == Match.transport(transport, isNegated: true))
        #expect(Array(matches[1].prefix(2)) == Match.transport(transport))
      }
    }
  }

  @Test("one prefix, one port needs no set", arguments: [false, true])
  func single(isNegated: Bool) throws {
    let prefix = try Sample.prefix("10.0.0.0/8")
    let address = Self.failure(.source([prefix]), isNegated: isNegated)
    #expect(address.matches == [Match.prefix(.source, prefix, isNegated: !isNegated)])
    let port = Self.failure(.sourcePort(.tcp, [0x1234...0x1234]), isNegated: isNegated)
    #expect(port.matches.last?.last == .compare([0x12, 0x34], isNegated: !isNegated))
    #expect(address.sets.isEmpty && address.elements.isEmpty && port.sets.isEmpty && port.elements.isEmpty)
  }

  @Test("a condition and its negation differ only in the last expression")
  func negated() throws {
    let two = Self.prefixes(["10.0.0.0/8", "11.0.0.0/8"])
    let tests: [Condition.Test] = [
      .source(two), .destination(two), .sourcePort(.sctp, [1...2]), .inputInterface("eth0", isPrefix: false),
      .inputInterface("eth", isPrefix: true), .mark(value: 1, mask: 1),
    ]
    func isNegated(_ match: [Expression]?) -> Bool? {
      switch match?.last {
      case .compare(_, let isNegated), .lookup(_, let isNegated, false): isNegated
      default: nil
      }
    }
    for test in tests {
      let plain = Self.failure(test)
      let negated = Self.failure(test, isNegated: true)
      #expect(isNegated(plain.matches.last) == true)
      #expect(isNegated(negated.matches.last) == false)
      let steps = [plain, negated].map { $0.matches.last.map { Array($0.dropLast()) } }
      #expect(steps[0] == steps[1])
      #expect(plain.elements == negated.elements)
    }
  }

  @Test("a name is compared with its padding, the beginning of names without")
  func interface() {
    func isCompared(_ name: String, _ isPrefix: Bool, with bytes: [UInt8]) -> Bool {
      Self.failure(.inputInterface(name, isPrefix: isPrefix)).matches
        == [[.meta(NFT_META_IIFNAME), .compare(bytes, isNegated: true)]]
    }
    #expect(isCompared("eth0", false, with: Array("eth0".utf8) + [UInt8](repeating: 0, count: 12)))
    #expect(isCompared("eth", true, with: Array("eth".utf8)))
    #expect(isCompared("fifteen_bytes_x", false, with: Array("fifteen_bytes_x".utf8) + [0]))
  }

  @Test("a mark is in host byte order, and masked only if not all of it counts")
  func mark() {
    let whole = Self.failure(.mark(value: 0x0102, mask: .max)).matches
    #expect(whole == [[.meta(NFT_META_MARK), .compare([2, 1, 0, 0], isNegated: true)]])
    let masked = Self.failure(.mark(value: 0x10, mask: 0xff00)).matches
    #expect(
      masked == [[.meta(NFT_META_MARK), .mask([0, 0xff, 0, 0]), .compare([0x10, 0, 0, 0], isNegated: true)]])
  }
}
