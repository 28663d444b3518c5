// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@Suite struct DestinationListsTests {
  private static func lists(_ denied: [String], _ allowed: [String] = []) throws -> DestinationLists {
    DestinationLists(
      denied: try denied.map { try #require(Prefix($0)) }, allowed: try allowed.map { try #require(Prefix($0)) })
  }

  private static func denied(
    _ denied: [String], _ allowed: [String] = [], _ family: AddressFamily = .ip
  ) throws -> [String] {
    try lists(denied, allowed).deniedRanges(family).map(\.description)
  }

  @Test("without prefixes everything may be reached", arguments: AddressFamily.allCases)
  func empty(family: AddressFamily) throws {
    let lists = try Self.lists([])
    #expect(lists.isEmpty)
    #expect(lists.deniedRanges(family).isEmpty)
    #expect(try !Self.lists(["10.0.0.0/8"]).isEmpty)
    #expect(try !Self.lists([], ["10.0.0.0/8"]).isEmpty)
  }

  @Test(
    "denied prefixes become ranges in their order, none touching another",
    arguments: [
      (["10.0.0.0/8"], ["10.0.0.0..<11.0.0.0"]),
      (["192.0.2.0/24", "10.0.0.0/8"], ["10.0.0.0..<11.0.0.0", "192.0.2.0..<192.0.3.0"]),
      (["10.0.0.0/9", "10.128.0.0/9"], ["10.0.0.0..<11.0.0.0"]),
      (["10.1.0.0/16", "10.0.0.0/8", "10.255.0.0/16"], ["10.0.0.0..<11.0.0.0"]),
      (["10.0.0.1/32", "10.0.0.1/32"], ["10.0.0.1..<10.0.0.2"]),
      (["10.0.0.1/32", "10.0.0.3/32"], ["10.0.0.1..<10.0.0.2", "10.0.0.3..<10.0.0.4"]),
      (["255.255.255.255/32"], ["255.255.255.255..<"]), (["240.0.0.0/4", "255.0.0.0/8"], ["240.0.0.0..<"]),
      (["0.0.0.0/0"], ["0.0.0.0..<"]), (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0..<"]),
      (["0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/0"], ["0.0.0.0..<"]), (["10.1.2.3/8"], ["10.0.0.0..<11.0.0.0"]),
    ])
  func onlyDenied(prefixes: [String], ranges: [String]) throws {
    #expect(try Self.denied(prefixes) == ranges)
    #expect(try Self.denied(prefixes.reversed()) == ranges)
    #expect(try Self.denied(prefixes, [], .ip6).isEmpty)
  }

  @Test("with prefixes only of what may be reached the rest may not, in the other family nothing")
  func onlyAllowed() throws {
    #expect(try Self.denied([], ["10.0.0.0/8"]) == ["0.0.0.0..<10.0.0.0", "11.0.0.0..<"])
    #expect(try Self.denied([], ["10.0.0.0/8"], .ip6) == ["::..<"])
    #expect(try Self.denied([], ["fd00::/8"]) == ["0.0.0.0..<"])
    #expect(try Self.denied([], ["fd00::/8"], .ip6) == ["::..<fd00::", "fe00::..<"])
    #expect(try Self.denied([], ["0.0.0.0/0"]).isEmpty)
    #expect(try Self.denied([], ["0.0.0.0/8", "255.0.0.0/8"]) == ["1.0.0.0..<255.0.0.0"])
    #expect(try Self.denied([], ["10.0.0.0/9", "10.128.0.0/9"]) == ["0.0.0.0..<10.0.0.0", "11.0.0.0..<"])
  }

  @Test(
    "with both the longest prefix decides, and what none holds may be reached",
    arguments: [
      (["10.0.0.0/8"], ["10.1.0.0/16"], ["10.0.0.0..<10.1.0.0", "10.2.0.0..<11.0.0.0"]),
      (["10.0.0.0/8"], ["10.0.0.0/16", "10.255.0.0/16"], ["10.1.0.0..<10.255.0.0"]),
      (["10.1.0.0/16"], ["10.0.0.0/8"], ["10.1.0.0..<10.2.0.0"]),
      (
        ["10.0.0.0/8", "10.1.1.0/24"], ["10.1.0.0/16"],
        ["10.0.0.0..<10.1.0.0", "10.1.1.0..<10.1.2.0", "10.2.0.0..<11.0.0.0"]
      ),
      (["0.0.0.0/0"], ["192.0.2.0/24"], ["0.0.0.0..<192.0.2.0", "192.0.3.0..<"]),
      (["192.0.2.0/24"], ["0.0.0.0/0"], ["192.0.2.0..<192.0.3.0"]),
      (["0.0.0.0/0"], ["0.0.0.0/1", "128.0.0.0/1"], []),
      (["0.0.0.0/0"], ["255.255.255.255/32"], ["0.0.0.0..<255.255.255.255"]),
      (["240.0.0.0/4"], ["255.0.0.0/8"], ["240.0.0.0..<255.0.0.0"]),
      (["10.0.0.0/8"], ["11.0.0.0/8"], ["10.0.0.0..<11.0.0.0"]),
      (["10.0.0.0/24", "10.0.1.0/24"], ["10.0.1.0/25"], ["10.0.0.0..<10.0.1.0", "10.0.1.128..<10.0.2.0"]),
    ])
  func both(denied: [String], allowed: [String], ranges: [String]) throws {
    #expect(try Self.denied(denied, allowed) == ranges)
    #expect(try Self.denied(denied.reversed(), allowed.reversed()) == ranges)
    #expect(try Self.denied(denied, allowed, .ip6).isEmpty)
  }

  @Test("the families do not see each other's prefixes")
  func families() throws {
    #expect(try Self.denied(["10.0.0.0/8"], ["fd00::/8"]) == ["10.0.0.0..<11.0.0.0"])
    #expect(try Self.denied(["10.0.0.0/8"], ["fd00::/8"], .ip6).isEmpty)
    #expect(try Self.denied(["0.0.0.0/0", "::/0"], ["10.0.0.0/8"], .ip6) == ["::..<"])
    #expect(try Self.denied(["ffff::/16", "10.0.0.0/8"], [], .ip6) == ["ffff::..<"])
  }
}

// MARK: - All lists of a few prefixes

extension DestinationListsTests {
  /// A prefix, its halves, and the halves of the second of these.
  private static func parts(_ whole: Prefix) throws -> [Prefix] {
    var parts = [whole]
    for index in [0, 2] {
      let length = parts[index].length + 1
      let first = try #require(Prefix(parts[index].address, length: length))
      let middle = try #require(first.last.successor)
      parts += [first, try #require(Prefix(middle, length: length))]
    }
    return parts
  }

  @Test(
    "whatever is denied and allowed of a prefix and of parts of it, each address is as the longest says",
    arguments: ["0.0.0.0/0", "10.0.0.0/8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126"])
  func all(text: String) throws {
    let whole = try #require(Prefix(text))
    let parts = try Self.parts(whole)
    #expect(parts.count == 5)
    let everything = Prefix.all(whole.family)
    let addresses = Set(parts.flatMap { [$0.address, $0.last] } + [everything.address, everything.last])
    // The longest first.
    let holders = addresses.map { address in (address, parts.indices.reversed().filter { parts[$0].contains(address) })
    }
    var wrong: [String] = []
    // Each part is in neither list (0), in the one (1) or in the other (2).
    for number in 0..<243 {
      var (lists, rest) = ([Int](), number)
      for _ in parts {
        lists.append(rest % 3)
        rest /= 3
      }
      func prefixes(_ list: Int) -> [Prefix] { parts.indices.filter { lists[$0] == list }.map { parts[$0] } }
      let ranges = DestinationLists(denied: prefixes(1), allowed: prefixes(2)).deniedRanges(whole.family)
      let isSound = zip(ranges, ranges.dropFirst()).allSatisfy { range, next in
        range.end.map { $0 < next.first } ?? false
      }
      let isOnlyAllowed = !lists.contains(1) && lists.contains(2)
      let isRight = holders.allSatisfy { address, holders in
        let longest = holders.first { lists[$0] != 0 }.map { lists[$0] == 1 }
        return ranges.contains { $0.first <= address && $0.end.map { address < $0 } ?? true }
          == longest ?? isOnlyAllowed
      }
      if !isSound || !isRight { wrong.append("\(lists): \(ranges)") }
    }
    #expect(wrong.isEmpty)
  }
}
