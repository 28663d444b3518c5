// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import NFTables
import Netlink
import Testing

@Suite struct ExpressionTests {
  @Test("a register has the kernel's number: 1 to 4 where 16 bytes begin, else 8 and up")
  func registers() {
    let numbers = (0..<16).map { Register(slot: $0).number }
    #expect(numbers == [1, 9, 10, 11, 2, 13, 14, 15, 3, 17, 18, 19, 4, 21, 22, 23])
    #expect(numbers.map { Register(number: $0)?.slot } == Array(0..<16))
    // Where 16 bytes begin there is a number of four bytes too.
    #expect([8, 12, 16, 20].map { Register(number: $0)?.slot } == [0, 4, 8, 12])
    #expect([0, 5, 7, 24, .max].allSatisfy { Register(number: $0) == nil })
  }

  @Test(
    "the next register begins at the next four bytes", arguments: [(0, 0), (1, 1), (2, 1), (4, 1), (5, 2), (16, 4)])
  func after(bytes: Int, slots: Int) {
    #expect(Register(slot: 3).after(bytes: bytes) == Register(slot: 3 + slots))
    #expect(Register.first.after(bytes: bytes).slot == slots)
  }

  @Test(
    "a verdict has the kernel's code, and a chain only if it goes there",
    arguments: [
      (.accept, 1, nil), (.drop, 0, nil), (.return, -5, nil), (.jump("next"), -3, "next"), (.goto("next"), -4, "next"),
    ] as [(Expression, Int32, String?)])
  func verdicts(verdict: Expression, code: Int32, chain: String?) {
    #expect(verdict == .verdict(code, chain: chain))
    #expect(verdict.jump == chain)
    #expect(Expression.counter.jump == nil)
  }
}
