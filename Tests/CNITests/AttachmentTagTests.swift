// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct AttachmentTagTests {
  @Test(
    "an interface's name that nft could not read is told by its hash, which is no longer",
    arguments: ["a\"b", "é", "a\u{7f}", "éééééé"])
  func unreadableInterface(name: String) {
    func tag(_ interface: String) -> String {
      AttachmentTag(CNI.Attachment(network: "net", containerID: "id", interface: interface)).text
    }
    let own = tag(name).split(separator: "/").last ?? ""
    #expect(own.first == "~")
    #expect(own.utf8.count == 15)
    #expect(own.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") })
    #expect(tag(name) != tag(name + "x"))
  }

  @Test("the longest names make a tag of 109 bytes, and one without a space")
  func limit() {
    let owner = CNI.Attachment(
      network: String(repeating: "n", count: 300), containerID: String(repeating: "c", count: 300),
      interface: String(repeating: "i", count: 15))
    #expect(AttachmentTag(owner).text.utf8.count == 109)
    #expect(!AttachmentTag(owner).text.contains(" "))
  }

  @Test("owners whose long names differ only at the end have different tags")
  func distinct() {
    var tags: Set<AttachmentTag> = []
    for part in 0..<3 {
      for index in 0..<10 {
        func name(_ own: Int, _ character: Character) -> String {
          String(repeating: character, count: 299) + (own == part ? "\(index)" : "x")
        }
        tags.insert(
          AttachmentTag(
            CNI.Attachment(
              network: name(0, "n"), containerID: name(1, "c"), interface: part == 2 ? "eth\(index)" : "eth")))
      }
    }
    #expect(tags.count == 30)
  }

  @Test(
    "a tag begins with its network's prefix, and with no other's",
    arguments: ["a", "net", String(repeating: "n", count: 300)])
  func prefix(network: String) {
    let tag = AttachmentTag(CNI.Attachment(network: network, containerID: "id", interface: "eth0"))
    #expect(tag.text.hasPrefix(AttachmentTag.prefix(ofNetwork: network)))
    for other in ["", "n", "ne", network + "0"] where other != network {
      #expect(!tag.text.hasPrefix(AttachmentTag.prefix(ofNetwork: other)))
    }
  }

  @Test("the tags of a network's attachments are those of their owners")
  func all() {
    let valid: Set = [
      AttachmentID(containerID: "a", interface: "eth0"), AttachmentID(containerID: "b", interface: "net1"),
    ]
    #expect(
      AttachmentTag.all(valid, ofNetwork: "net") == [
        AttachmentTag(text: "net/a/eth0"), AttachmentTag(text: "net/b/net1"),
      ])
    #expect(AttachmentTag.all([], ofNetwork: "net").isEmpty)
  }

  @Test(
    "another attachment's tag contradicts, and no other alias", arguments: ["a", String(repeating: "n", count: 300)])
  func contradiction(network: String) {
    func tag(_ container: String, _ interface: String = "eth0") -> AttachmentTag {
      AttachmentTag(CNI.Attachment(network: network, containerID: container, interface: interface))
    }
    let own = tag(String(repeating: "c", count: 300))
    for other in [tag("c"), tag(String(repeating: "c", count: 299)), tag("c", "é"), AttachmentTag(text: "b/c/eth0")] {
      #expect(own.isContradicted(by: other.text))
    }
    for alias in [nil, "", own.text, "uplink", "a/b", "a//b", "/a/b", "a/b/", "a/b/c/d", "to rack 1/2/3"] {
      #expect(!own.isContradicted(by: alias))
    }
  }

  @Test("the interface is what follows the container's ID")
  func interface() {
    let tag = AttachmentTag(CNI.Attachment(network: "n", containerID: "c1", interface: "eth0"))
    #expect(tag.interface == "eth0")
    #expect(AttachmentTag(text: "n").interface == "" && AttachmentTag(text: "").interface == "")
  }
}
