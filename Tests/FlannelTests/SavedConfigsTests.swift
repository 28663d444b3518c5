// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Glibc
import JSON
import OS
import TestSupport
import Testing

@testable import Flannel

@Suite struct SavedConfigsTests {
  private let folder: TemporaryFolder
  private let notes = Notes()
  private let saved: SavedConfigs
  private let path: String

  private final class Notes { var lines: [String] = [] }

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/saved"
    saved = SavedConfigs(path) { [notes] in notes.lines.append($0) }
  }

  private func list(_ network: String, except valid: Set<AttachmentID> = []) throws -> [CNI.Attachment] {
    var failures = ErrorCollector()
    let list = saved.attachments(ofNetwork: network, except: valid, &failures)
    try failures.throwIfAny()
    return list
  }

  /// A delegate's configuration for a network; `mark` tells it from others.
  private func config(_ mark: Int, _ network: String = "net") throws -> JSONObject {
    try #require(
      try Field(#"{"type":"bridge","mark":\#(mark),"name":"\#(network)","ipam":{"type":"host-local"}}"#).object())
  }

  private func names() throws -> [String] {
    let folder = try Folder.open(path)
    return try folder?.names().sorted() ?? []
  }

  private func put(_ text: String, at name: String) throws {
    try Folder.make(path).write(Array(text.utf8), to: name)
  }

  private func text(_ name: String) throws -> String? {
    let folder = try Folder.open(path)
    return try folder?.read(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The configuration as upstream keeps it, in a file that is named after the container.
  private func putAsUpstream(_ mark: Int, _ network: String = "net", _ containerID: String = "id") throws {
    try put(String(decoding: JSON.object(config(mark, network)).text, as: UTF8.self), at: containerID)
  }

  static let broken = ["", "{", "[]", "null", "7", #"{"type":"bridge","name":"#, "{}{}", "\u{0}"]
}

// MARK: - Keeping and reading

extension SavedConfigsTests {
  @Test("what is kept is read as it was, and by its owner only")
  func kept() throws {
    let owner = Sample.owner()
    try saved.write(try config(1), owner)
    #expect(try saved.read(owner) == config(1))
    for other in [Sample.owner("other"), Sample.owner("net", "other"), Sample.owner("net", "id", "eth1")] {
      #expect(try saved.read(other) == nil)
    }
    for name in try names() {
      var status = stat()
      #expect(stat("\(path)/\(name)", &status) == 0)
      #expect(status.st_mode & 0o7777 == 0o600)
    }
  }

  @Test("the file has a name of its own and upstream's, and tells whose it is")
  func file() throws {
    try saved.write(try config(1), Sample.owner())
    #expect(try names() == ["id", "net:id:eth0"])
    var expected = try config(1)
    expected["swift-cni"] = try JSON(#"{"containerID":"id","interface":"eth0"}"#)
    for name in try names() { #expect(try JSON(#require(try text(name))) == .object(expected)) }
  }

  @Test("each attachment has its own, whether the network, the container or the interface is another")
  func several() throws {
    let owners = [
      Sample.owner(), Sample.owner("net", "id", "eth1"), Sample.owner("net", "id2"), Sample.owner("net2", "id"),
    ]
    for (mark, owner) in owners.enumerated() { try saved.write(try config(mark, owner.network), owner) }
    for (mark, owner) in owners.enumerated() { #expect(try saved.read(owner) == config(mark, owner.network)) }
    for (mark, owner) in owners.enumerated() {
      try saved.remove(owner)
      #expect(try saved.read(owner) == nil)
      for (later, other) in owners.enumerated().dropFirst(mark + 1) {
        #expect(try saved.read(other) == config(later, other.network))
      }
    }
    #expect(try names() == [])
  }

  @Test("what is kept anew is read instead of the older")
  func replaced() throws {
    for mark in 1...3 {
      try saved.write(try config(mark), Sample.owner())
      #expect(try saved.read(Sample.owner()) == config(mark))
    }
    try saved.remove(Sample.owner())
    #expect(try names() == [])
  }

  @Test("where nothing was kept nothing is read, listed or removed, and no folder is made")
  func nothing() throws {
    #expect(try saved.read(Sample.owner()) == nil)
    #expect(try list("net") == [])
    try saved.remove(Sample.owner())
    #expect(access(path, F_OK) != 0)
    try saved.write(try config(1), Sample.owner())
    #expect(try saved.read(Sample.owner("net", "other")) == nil)
    try saved.remove(Sample.owner("net", "other"))
    #expect(try names().count == 2)
  }

  @Test("a folder that cannot be made is an error")
  func noFolder() throws {
    try folder.add("", named: "saved")
    let error = try #require(throws: CNIError.self) { try saved.write(try config(1), Sample.owner()) }
    #expect(error.code == .inputOutput)
    #expect(error.message.hasPrefix("keep the delegate's configuration: open \(path): "))
  }
}

// MARK: - Upstream's files

extension SavedConfigsTests {
  @Test("what upstream kept is read for any interface, and removed with the first")
  func peer() throws {
    for interface in ["eth0", "net1"] {
      let owner = Sample.owner("net", "id", interface)
      try putAsUpstream(1)
      #expect(try saved.read(owner) == config(1))
      try saved.remove(owner)
      #expect(try names() == [])
    }
  }

  @Test("what upstream kept for another network is not read, and stays")
  func upstreamOfOtherNetwork() throws {
    try putAsUpstream(1, "other")
    #expect(try saved.read(Sample.owner()) == nil)
    try saved.remove(Sample.owner())
    #expect(try names() == ["id"])
  }

  @Test("a name that upstream's file has is left to it, and what is kept beside it goes first")
  func upstreamBeside() throws {
    try putAsUpstream(1)
    try saved.write(try config(2), Sample.owner())
    #expect(try saved.read(Sample.owner()) == config(2))
    #expect(try JSON(#require(try text("id"))) == .object(config(1)))
  }

  @Test("upstream's name is that of the container's first attachment, and goes with it")
  func upstreamsName() throws {
    let second = Sample.owner("net", "id", "net1")
    try saved.write(try config(1), Sample.owner())
    try saved.write(try config(2), second)
    try saved.remove(second)
    #expect(try names() == ["id", "net:id:eth0"])
    try saved.write(try config(2), second)
    try saved.remove(Sample.owner())
    #expect(try names() == ["net:id:net1"])
  }

  @Test("the name of upstream's file is read no more than the file says: of another attachment it says nothing")
  func linkOfOther() throws {
    try saved.write(try config(1), Sample.owner())
    #expect(try saved.read(Sample.owner("net", "id", "net1")) == nil)
  }
}

// MARK: - Broken files

extension SavedConfigsTests {
  @Test("what is broken is as if it were not there, and goes", arguments: broken)
  func brokenFile(text: String) throws {
    for name in ["net:id:eth0", "id"] { try put(text, at: name) }
    #expect(try saved.read(Sample.owner()) == nil)
    #expect(
      notes.lines == ["net:id:eth0", "id"].map { "\(path)/\($0) holds no JSON object: what was kept there is lost" })
    #expect(try list("net") == [])
    try saved.remove(Sample.owner())
    #expect(try names() == [])
  }

  @Test("where the own file is broken upstream's is read", arguments: broken)
  func brokenOwnFile(text: String) throws {
    try put(text, at: "net:id:eth0")
    try putAsUpstream(1)
    #expect(try saved.read(Sample.owner()) == config(1))
  }

  @Test("a file that tells of another attachment than its name is not read")
  func wrongName() throws {
    try saved.write(try config(1), Sample.owner())
    let own = try #require(try text("net:id:eth0"))
    for owner in [Sample.owner("net", "id2"), Sample.owner("net", "id", "eth1"), Sample.owner("net2", "id")] {
      try put(own, at: "\(owner.network):\(owner.containerID):\(owner.interface)")
      #expect(try saved.read(owner) == nil)
    }
  }

  @Test("what a writer left that was killed does not matter, and goes")
  func leftover() throws {
    try put("half", at: ".net:id:eth0.new")
    #expect(try list("net") == [])
    try saved.remove(Sample.owner())
    #expect(try names() == [])
  }

  @Test(
    "what names no plugin to run is as if it were not there", arguments: [#""../x""#, #""a/b""#, #""""#, "5", "[]"])
  func badType(type: String) throws {
    let object = try #require(try Field(JSON(parsing: Array(#"{"name":"net","type":\#(type)}"#.utf8))).object())
    try saved.write(object, Sample.owner())
    #expect(try saved.read(Sample.owner()) == nil)
  }

  @Test("what is no file under upstream's name is neither read nor removed, and is in nobody's way")
  func noUpstreamsFile() throws {
    _ = try Folder.make("\(path)/id")
    #expect((try? saved.read(Sample.owner())) == .some(nil))
    try saved.write(try config(1), Sample.owner())
    #expect(try saved.read(Sample.owner()) == config(1))
    try saved.remove(Sample.owner())
    #expect(try names() == ["id"])
  }
}

// MARK: - Listing

extension SavedConfigsTests {
  private func attachments(_ network: String, except valid: Set<AttachmentID> = []) throws -> Set<CNI.Attachment> {
    let list = try list(network, except: valid)
    #expect(Set(list).count == list.count)
    return Set(list)
  }

  @Test("the attachments of a network are listed, but for the valid ones and those of other networks")
  func listed() throws {
    let owners = [Sample.owner(), Sample.owner("net", "id", "eth1"), Sample.owner("net", "id2")]
    for owner in owners + [Sample.owner("other", "id3"), Sample.owner("NET", "id4")] {
      try saved.write(try config(1, owner.network), owner)
    }
    #expect(try attachments("net") == Set(owners))
    let valid: Set<AttachmentID> = [
      .init(containerID: "id", interface: "eth1"), .init(containerID: "id2", interface: "eth9"),
      .init(containerID: "id3", interface: "eth0"),
    ]
    #expect(try attachments("net", except: valid) == [owners[0], owners[2]])
    #expect(try attachments("nosuch") == [])
  }

  @Test("upstream's files are not listed, as they do not tell their interface")
  func upstreamNotListed() throws {
    try putAsUpstream(1)
    try put(#"{"name":"net","type":"bridge"}"#, at: "net:id:eth0")
    #expect(try attachments("net") == [])
  }

  @Test("what is broken, a folder or a link is passed over", arguments: broken)
  func brokenNotListed(text: String) throws {
    try saved.write(try config(1), Sample.owner())
    try put(text, at: "net:id2:eth0")
    #expect(try attachments("net") == [Sample.owner()])
    _ = try Folder.make("\(path)/net:id3:eth0")
    try systemCall("symlink") { symlink("/nonexistent/file", "\(path)/net:id4:eth0") }
    #expect(try attachments("net") == [Sample.owner()])
  }
}

// MARK: - Long names

extension SavedConfigsTests {
  @Test("a network's name may be long", arguments: [80, 81, 255, 4096])
  func longNetwork(count: Int) throws {
    let name = String(repeating: "n", count: count - 1)
    try keepsApart([Sample.owner(name + "a"), Sample.owner(name + "b")])
  }

  @Test(
    "a container's ID may be long, also longer than the name of a file",
    arguments: [140, 141, 250, 251, 255, 256, 4096])
  func longContainer(count: Int) throws {
    let id = String(repeating: "c", count: count - 1)
    try keepsApart([
      Sample.owner("net", id + "a", "eth0.1234567890"), Sample.owner("net", id + "b", "eth0.1234567890"),
    ])
  }

  private func keepsApart(_ owners: [CNI.Attachment]) throws {
    for (mark, owner) in owners.enumerated() { try saved.write(try config(mark, owner.network), owner) }
    for (mark, owner) in owners.enumerated() {
      #expect(try saved.read(owner) == config(mark, owner.network))
      #expect(try list(owner.network).contains(owner))
    }
    for owner in owners { try saved.remove(owner) }
    #expect(try names() == [])
    for owner in owners { #expect(try saved.read(owner) == nil) }
  }
}
