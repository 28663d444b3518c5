// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import HostLocal

@Suite struct OwnerTests {
  @Test(
    "a file's contents are read without the white space around them",
    arguments: [
      ("c1\r\neth0", "c1", "eth0"), (" c1\r\neth0\n", "c1", "eth0"), ("c1", "c1", nil), ("c1\n", "c1", nil),
      ("c1\neth0", "c1\neth0", nil), ("c1\r\n", "c1", nil), ("c1\r", "c1", nil),
    ] as [(String, String, String?)])
  func contents(text: String, id: String, interface: String?) throws {
    let owner = try #require(Owner(Array(text.utf8)))
    #expect(owner.containerID == id)
    #expect(owner.interface == interface)
  }

  @Test("nothing but white space is nobody", arguments: ["", " ", "\r\n\t"])
  func nobody(text: String) { #expect(Owner(Array(text.utf8)) == nil) }

  @Test("the contents are upstream's bytes, without a line feed at the end")
  func bytes() {
    let owner = Owner(AttachmentID(containerID: "cid1", interface: "eth0"))
    #expect(owner.contents == [0x63, 0x69, 0x64, 0x31, 0x0d, 0x0a, 0x65, 0x74, 0x68, 0x30])
    #expect(owner.withoutInterface.contents == [0x63, 0x69, 0x64, 0x31])
  }
}
