// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import NFTables

@Suite struct CommentTests {
  @Test("user data is what nft writes: type 0, a length, the text with a NUL")
  func golden() {
    #expect(Comment(text: "ab").userData == [0, 3, 0x61, 0x62, 0])
  }

  @Test(
    "a comment is read from its user data", arguments: ["", "a", "net/id/eth0 3", String(repeating: "x", count: 128)])
  func roundTrip(text: String) {
    #expect(Comment(userData: Comment(text: text).userData[...]) == Comment(text: text))
  }

  @Test("a comment is found behind other user data, and without its NUL")
  func others() {
    #expect(Comment(userData: [1, 2, 9, 9, 0, 2, 0x61, 0])?.text == "a")
    #expect(Comment(userData: [7, 0, 0, 1, 0x61])?.text == "a")
    #expect(Comment(userData: ([0xff, 0, 2, 0x61, 0] as [UInt8]).dropFirst())?.text == "a")
  }

  @Test(
    "user data without a comment, or cut short, is none",
    arguments: [[], [0], [0, 3], [0, 3, 0x61, 0x62], [1, 1, 0], [1, 5, 0, 2, 0x61]] as [[UInt8]])
  func none(bytes: [UInt8]) {
    #expect(Comment(userData: bytes[...]) == nil)
  }
}
