// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Glibc
import JSON
import OS
import Store
import TestSupport
import Testing

@Suite struct AttachmentStoreTests {
  private let folder: TemporaryFolder
  private let notes = Notes()

  private final class Notes { var lines: [String] = [] }

  init() throws { folder = try TemporaryFolder() }

  private var path: String { "\(folder.path)/kept" }

  /// A store whose files have the container's ID as their second name.
  private func store(isByNetwork: Bool = true) -> AttachmentStore {
    AttachmentStore(
      path, for: "remember it", ownerMember: "owner", networkMember: "network", isByNetwork: isByNetwork,
      note: { [notes] in notes.lines.append($0) }, names: { ["\($0.containerID)_\($0.interface)", $0.containerID] })
  }

  private static func owner(
    _ id: String = "id", _ interface: String = "eth0", _ network: String = "net"
  ) -> CNI.Attachment { CNI.Attachment(network: network, containerID: id, interface: interface) }

  private static func contents(_ value: Int64, _ network: String = "net") -> JSONObject {
    JSONObject(["value": .integer(value), "network": .string(network)])
  }

  private func names() throws -> [String] {
    let folder = try Folder.open(path)
    return try folder?.names().sorted() ?? []
  }

  private func put(_ text: String, at name: String) throws { try Folder.make(path).write(Array(text.utf8), to: name) }

  private func kept(_ owner: CNI.Attachment = owner(), isByNetwork: Bool = true) throws -> [JSONObject] {
    try store(isByNetwork: isByNetwork).files(of: owner).map(\.contents)
  }

  @Test("what is written is read by its owner only, without the mark that tells whose it is")
  func written() throws {
    try store().write(Self.contents(1), of: Self.owner())
    #expect(try kept() == [Self.contents(1)])
    for other in [Self.owner("other"), Self.owner("id", "eth1"), Self.owner("id", "eth0", "other")] {
      #expect(try kept(other) == [])
    }
    // The network counts only where the format says so.
    #expect(try kept(Self.owner("id", "eth0", "other"), isByNetwork: false) == [Self.contents(1)])
    let folder = try Folder.open(path)
    let text = try #require(try folder?.read("id_eth0"))
    let owner = #""owner":{"containerID":"id","interface":"eth0"}"#
    #expect(try JSON(parsing: text) == JSON(#"{"value":1,"network":"net",\#(owner)}"#))
  }

  @Test(
    "a file under another of the names is found behind the own one, and goes with it unless another attachment has it")
  func otherName() throws {
    try put(#"{"value":1,"network":"net"}"#, at: "id")
    #expect(try kept() == [Self.contents(1)])
    try store().write(Self.contents(2), of: Self.owner())
    #expect(try kept() == [Self.contents(2), Self.contents(1)])
    try store().remove(Self.owner())
    #expect(try names() == [])
    try store().write(Self.contents(3), of: Self.owner("id", "eth1"))
    try store().link(Self.owner("id", "eth1"), as: "id")
    try store().remove(Self.owner())
    #expect(try names() == ["id", "id_eth1"])
  }

  @Test("what is broken is told, is as if it were not there, and goes", arguments: ["", "{", "[]", "null", "\0"])
  func broken(text: String) throws {
    for name in ["id_eth0", "id"] { try put(text, at: name) }
    #expect(try kept() == [])
    #expect(notes.lines == ["id_eth0", "id"].map { "\(path)/\($0) holds no JSON object: what was kept there is lost" })
    try store().remove(Self.owner())
    #expect(try names() == [])
  }

  @Test("what is no file in a file's place is not read, and what is no folder keeps nothing and is told")
  func otherKinds() throws {
    _ = try Folder.make("\(path)/id")
    try systemCall("symlink") { symlink("/etc/passwd", "\(path)/id_eth0") }
    #expect(try kept() == [])
    let refused = try #require(throws: CNIError.self) { try store().write(JSONObject(), of: Self.owner()) }
    let reason = "Too many levels of symbolic links"
    #expect(refused == CNIError(.inputOutput, "remember it: open \(path)/id_eth0: \(reason)"))
    try store().remove(Self.owner())
    #expect(try names() == ["id"])
    #expect(notes.lines == [])
    try folder.add("", named: "file")
    let none = AttachmentStore(
      "\(folder.path)/file", for: "remember it", ownerMember: "o", networkMember: "n", isByNetwork: true,
      note: { [notes] in notes.lines.append($0) }, names: { [$0.containerID] })
    #expect(try none.files(of: Self.owner()).isEmpty)
    try none.remove(Self.owner())
    #expect(notes.lines.count == 1)
    let error = try #require(throws: CNIError.self) { try none.write(JSONObject(), of: Self.owner()) }
    #expect(error.code == .inputOutput && error.message.hasPrefix("remember it: open \(folder.path)/file: "))
  }

  @Test("stale are the files of a network whose owner, or whose name where they tell none, is not of the list")
  func stale() throws {
    for (id, interface) in [("id", "eth0"), ("id", "eth1"), ("gone", "eth0")] {
      try store().write(Self.contents(1), of: Self.owner(id, interface))
    }
    try store().write(Self.contents(1, "other"), of: Self.owner("else", "eth0", "other"))
    for name in ["old_eth0", "older_eth0"] { try put(#"{"network":"net"}"#, at: name) }
    for name in [".hidden", "junk"] { try put("{", at: name) }
    try systemCall("symlink") { symlink("/nonexistent", "\(path)/link") }
    let valid: Set<AttachmentID> = [Self.owner().id, Self.owner("older").id]
    var failures = ErrorCollector()
    let stale = store().stale(ofNetwork: "net", sparing: valid, &failures)
    #expect(stale.map(\.name).sorted() == ["gone_eth0", "id_eth1", "old_eth0"])
    #expect(failures.isEmpty)
    for file in stale { try store().remove(file) }
    #expect(try names() == [".hidden", "else_eth0", "id_eth0", "junk", "link", "older_eth0"])
    #expect(notes.lines == [])
  }

  @Test("where nothing was kept nothing is read or removed, and no folder is made")
  func nothing() throws {
    #expect(try kept() == [])
    try store().remove(Self.owner())
    var failures = ErrorCollector()
    #expect(store().stale(ofNetwork: "net", sparing: [], &failures).isEmpty)
    #expect(access(path, F_OK) != 0)
  }
}
