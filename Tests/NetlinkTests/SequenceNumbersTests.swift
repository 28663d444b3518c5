// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Netlink

@Suite struct SequenceNumbersTests {
  @Test("numbers follow one another, and hold no others")
  func consecutive() {
    let numbers = SequenceNumbers(first: 7, count: 3)
    #expect((0..<3).map { numbers[$0] } == [7, 8, 9])
    #expect((5...12).filter { numbers.contains($0) } == [7, 8, 9])
  }

  @Test("after the largest number comes 0")
  func wrapping() {
    let numbers = SequenceNumbers(first: .max - 1, count: 4)
    #expect((0..<4).map { numbers[$0] } == [.max - 1, .max, 0, 1])
    #expect(
      [.max - 2, .max - 1, .max, 0, 1, 2].map { numbers.contains($0) } == [false, true, true, true, true, false])
  }

  @Test("numbers are used once")
  func unique() {
    let (first, second) = (SequenceNumbers.next(5), SequenceNumbers.next(2))
    #expect((0..<5).allSatisfy { !second.contains(first[$0]) })
    #expect((0..<2).allSatisfy { !first.contains(second[$0]) })
  }

  @Test("no numbers hold nothing")
  func none() {
    #expect(![0, 4, 5, UInt32.max].contains { SequenceNumbers(first: 5, count: 0).contains($0) })
  }
}
