// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import NFTables

@Suite struct CommentTests {
  private static let long = CNI.Attachment(
    network: String(repeating: "n", count: 300), containerID: String(repeating: "c", count: 300),
    interface: String(repeating: "i", count: 15))
  /// As long as the ID of conditions.
  private static let longestNote = "01234567_89abcdef"

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

  @Test("owner and note are told apart")
  func parts() {
    let tag = AttachmentTag(CNI.Attachment(network: "net", containerID: "id", interface: "eth0"))
    #expect(Comment(tag).text == "net/id/eth0")
    #expect(Comment(tag).owner == tag)
    #expect(Comment(tag).note.isEmpty)
    #expect(Comment(tag, "3").text == "net/id/eth0 3")
    #expect(Comment(tag, "3").owner == tag)
    #expect(Comment(tag, "3").note == "3")
  }

  @Test("the longest names with the longest note fit into what nft reads")
  func limit() {
    let comment = Comment(AttachmentTag(Self.long), Self.longestNote)
    #expect(comment.text.utf8.count <= Comment.limit)
    #expect(Int(comment.userData[1]) == comment.text.utf8.count + 1)
    #expect(Comment(userData: comment.userData[...]) == comment)
    #expect(comment.owner == AttachmentTag(Self.long))
    #expect(comment.note == Self.longestNote)
  }
}
