// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct CommentTests {
  private static let long = CNI.Attachment(
    network: String(repeating: "n", count: 300), containerID: String(repeating: "c", count: 300),
    interface: String(repeating: "i", count: 15))
  /// As long as the ID of conditions.
  private static let longestNote = "01234567_89abcdef"

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
