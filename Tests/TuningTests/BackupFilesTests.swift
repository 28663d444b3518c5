// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import OS
import TestSupport
import Testing

@testable import Tuning

@Suite struct BackupFilesTests {
  private let parent: TemporaryFolder
  private var path: String { "\(parent.path)/kept" }

  init() throws { parent = try TemporaryFolder() }

  private static func attachment(_ id: String, _ interface: String) -> CNI.Attachment {
    CNI.Attachment(network: "net", containerID: id, interface: interface)
  }

  private var files: BackupFiles { BackupFiles(path) { Issue.record("\($0)") } }

  private static func backup(_ mtu: UInt32, _ network: String = "net") -> Backup {
    var backup = Backup()
    backup.link.mtu = mtu
    backup.network = network
    return backup
  }

  private func names() throws -> [String] {
    let folder = try Folder.open(path)
    return try folder?.names().sorted() ?? []
  }

  private func put(_ text: String, at name: String) throws { try Folder.make(path).write(Array(text.utf8), to: name) }

  private func mtus(_ attachment: CNI.Attachment) throws -> [UInt32?] { try files.find(attachment).map(\.link.mtu) }

  @Test(
    "a file is named as upstream names it, and within what a file system takes",
    arguments: [1, 12, 64, 199, 200, 201, 255, 4096])
  func fileName(count: Int) {
    func name(_ last: String, _ interface: String = "eth0.1234567890") -> String {
      BackupFiles.names(Self.attachment(String(repeating: "a", count: count - 1) + last, interface).id)[0]
    }
    for interface in ["eth0.1234567890", "eth_.1234567890"] {
      // The file's folder has a name with five bytes more for a moment.
      #expect(name("b", interface).utf8.count <= 250)
      #expect(name("b", interface) != name("c", interface))
      #expect(!name("b", interface).contains("/"))
    }
    if count <= 200 { #expect(name("b") == String(repeating: "a", count: count - 1) + "b_eth0.1234567890.json") }
  }

  @Test("two containers whose IDs and interfaces run together have files of their own")
  func runningTogether() throws {
    let all = [
      Self.attachment("a_b", "eth0"), Self.attachment("a", "b_eth0"), Self.attachment("a_b_c", "d"),
      Self.attachment("a", "b_c_d"), Self.attachment("a_b", "c_d"),
    ]
    #expect(Set(all.map { BackupFiles.names($0.id)[0] }).count == all.count)
    for (index, attachment) in all.enumerated() {
      let isNew = try files.keep(Self.backup(UInt32(1000 + index)), of: attachment)
      #expect(isNew)
    }
    for (index, attachment) in all.enumerated() { #expect(try mtus(attachment) == [UInt32(1000 + index)]) }
    for (index, attachment) in all.enumerated() {
      try files.remove(attachment)
      #expect(try mtus(attachment) == [])
      #expect(try names().count == all.count - 1 - index)
    }
  }

  @Test("what upstream or an earlier version kept of an interface with an underscore is found, and removed")
  func former() throws {
    let attachment = Self.attachment("a", "b_eth0")
    try put(#"{"mtu":1450}"#, at: "a_b_eth0.json")
    #expect(try mtus(attachment) == [1450])
    // The older value stays, in a file of its own.
    let isNew = try files.keep(Self.backup(1400), of: attachment)
    #expect(!isNew)
    #expect(try mtus(attachment).first == 1450)
    try files.remove(attachment)
    #expect(try names() == [])
  }

  @Test("GC goes by the attachment that a file names, and where it names none by the file's name")
  func collectGarbage() throws {
    let valid = Self.attachment("a", "b_eth0")
    for attachment in [valid, Self.attachment("a_b", "eth0")] {
      _ = try files.keep(Self.backup(1400), of: attachment)
    }
    try put(#"{"mtu":1,"network":"net"}"#, at: "old_eth0.json")
    try put(#"{"mtu":1,"network":"net"}"#, at: "gone_eth0.json")
    try systemCall("symlink") { symlink("/nonexistent", "\(path)/link_eth0.json") }
    try files.removeAll(ofNetwork: "net", sparing: [valid.id, Self.attachment("old", "eth0").id])
    #expect(try names() == ["a:b_eth0.json", "link_eth0.json", "old_eth0.json"])
  }
}
