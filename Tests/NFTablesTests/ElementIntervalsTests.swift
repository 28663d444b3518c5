// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import NFTables

@Suite struct ElementIntervalsTests {
  /// The limits as numbers, those that end an interval with a bar.
  private static func limits(_ list: [(UInt8, UInt8?)]) -> [String] {
    Element.intervals("set", list.map { ([$0.0], $0.1.map { [$0] }) }).map {
      "\($0.id.key[0])" + ($0.endsInterval ? "|" : "")
    }
  }

  @Test(
    "intervals become limits, in order, and merged where they touch or overlap",
    arguments: [
      ([(5, 9)], ["0|", "5", "9|"]), ([(0, 9)], ["0", "9|"]), ([(5, nil)], ["0|", "5"]), ([(0, nil)], ["0"]),
      ([(7, 9), (1, 3)], ["0|", "1", "3|", "7", "9|"]), ([(1, 3), (3, 5)], ["0|", "1", "5|"]),
      ([(1, 4), (3, 5)], ["0|", "1", "5|"]), ([(1, 9), (3, 5)], ["0|", "1", "9|"]),
      ([(1, 9), (1, 5), (1, 9)], ["0|", "1", "9|"]), ([(1, 5), (1, 9)], ["0|", "1", "9|"]),
      ([(1, nil), (3, 5), (7, nil)], ["0|", "1"]), ([(1, 5), (3, nil), (9, 10)], ["0|", "1"]),
      ([(1, 5), (5, nil)], ["0|", "1"]), ([(0, 1), (254, nil)], ["0", "1|", "254"]), ([], []),
    ] as [([(UInt8, UInt8?)], [String])])
  func limits(list: [(UInt8, UInt8?)], expected: [String]) {
    #expect(Self.limits(list) == expected)
    #expect(Self.limits(list.reversed()) == expected)
  }

  @Test("limits stand in the set, have no owner, and are as long as the values")
  func elements() {
    let limits = Element.intervals("set", [([1, 0], [1, 255]), ([0, 255], [1, 0])])
    #expect(limits.map(\.id.key) == [[0, 0], [0, 255], [1, 255]])
    #expect(limits.allSatisfy { $0.id.set == "set" && $0.comment == nil && $0.data.isEmpty })
  }
}
