// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import NFTables

@Suite struct ExpressionTests {
  @Test("a register has the kernel's number: 1 to 4 where 16 bytes begin, else 8 and up")
  func registers() {
    let numbers = (0..<16).map { Register(slot: $0).number }
    #expect(numbers == [1, 9, 10, 11, 2, 13, 14, 15, 3, 17, 18, 19, 4, 21, 22, 23])
  }

  @Test(
    "the next register begins at the next four bytes", arguments: [(0, 0), (1, 1), (2, 1), (4, 1), (5, 2), (16, 4)])
  func after(bytes: Int, slots: Int) {
    #expect(Register(slot: 3).after(bytes: bytes) == Register(slot: 3 + slots))
    #expect(Register.first.after(bytes: bytes).slot == slots)
  }
}
