// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@testable import CNIRuntime

@Suite struct ResultCacheTests {
  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try systemCall("lstat \(path)") { lstat(path, &status) }
    return status.st_mode & 0o7777
  }

  private func entry(
    _ id: String, _ interface: String = "eth0", _ network: String = "net", members: String = ""
  ) -> String {
    let names = #""containerId":"\#(id)","ifName":"\#(interface)","networkName":"\#(network)""#
    return #"{"kind":"cniCacheV1","config":"e30=",\#(names)\#(members)}"#
  }

  @Test("folders and file are private; what is ours is in a folder of its own")
  func modes() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    #expect(try mode(setting.cacheFolder) == 0o700)
    #expect(try mode(setting.results) == 0o700)
    #expect(try mode("\(setting.results)/.swift-cni") == 0o700)
    #expect(try mode("\(setting.results)/net-c1-eth0") == 0o600)
    #expect(try Folder.open(setting.results)?.names().sorted() == [".swift-cni", "net-c1-eth0"])
    #expect(try setting.ownFiles() == ["net-c1-eth0"])
  }

  @Test("attachments of all runtimes are listed by name; what is none is passed over")
  func listing() throws {
    let setting = try Setting()
    for (name, contents) in [
      ("net-b-eth0", entry("b")), ("net-a-eth0", entry("a")), ("net-z-eth0", ""),
      ("net-y-eth0", #"{"cniVersion":"1.0.0"}"#),
      ("any-name", entry("c", "net1", "other")),
    ] { try setting.put(contents, as: name) }
    _ = try Folder.make("\(setting.results)/folder")
    let found = try setting.runtime.cache.attachments()
    #expect(found.map(\.fileName) == ["any-name", "net-a-eth0", "net-b-eth0"])
    #expect(found.map(\.network) == ["other", "net", "net"])
    #expect(found[0].attachment == Attachment(containerID: "c", namespace: nil, interface: "net1"))
    #expect(text(found[0].configuration) == "{}")
    #expect(found[0].result == nil)
  }

  @Test("a cache that is not there is empty")
  func missing() throws {
    #expect(try ResultCache("/nothing/here").attachments().isEmpty)
    #expect(
      ResultCache("/nothing/here").attachment(AttachmentID(containerID: "c", interface: "i"), network: "n") == nil)
  }

  @Test("a cache that cannot be listed is told")
  func unlistable() throws {
    let setting = try Setting()
    try setting.folder.add("x", named: "cni/results")
    #expect(throws: RuntimeError.self) { try setting.runtime.cache.attachments() }
  }

  @Test("an attachment has its configuration, its result, and the state of its namespace")
  func cached() async throws {
    let setting = try Setting()
    var attachment = Setting.attachment
    attachment.namespace = "/proc/self/ns/net"
    let list = try network("a")
    _ = try await setting.runtime.add(list, attachment)
    let found = try #require(setting.runtime.cache.attachment(attachment.id, network: "net"))
    #expect(found.attachment == attachment)
    #expect(try found.networkList().plugins == list.plugins)
    #expect(found.result?.interfaces.map(\.name) == ["a"])
    #expect(found.state == .alive)
    #expect(!found.isOfFormerBoot)
    #expect(found.age >= .zero && found.age < .seconds(600))
    #expect(setting.runtime.cache.attachment(AttachmentID(containerID: "c1", interface: "eth1"), network: "net") == nil)
  }

  @Test("a namespace that is gone, or a file in its place, is not alive")
  func dead() throws {
    let setting = try Setting()
    for namespace in ["/run/netns/no-such-namespace", setting.folder.path] {
      try setting.put(entry("c", members: #","netns":"\#(namespace)""#), as: "net-c-eth0")
      #expect(try setting.runtime.cache.attachments().map(\.state) == [.gone])
    }
  }

  @Test("a namespace is not known to be gone if its path is not known, or cannot be looked at")
  func unknown() throws {
    let setting = try Setting()
    let tooLong = "/" + String(repeating: "x", count: 300)
    for members in ["", #","netns":"""#, #","netns":"\#(tooLong)""#] {
      try setting.put(entry("c", members: members), as: "net-c-eth0")
      #expect(try setting.runtime.cache.attachments().map(\.state) == [.unknown])
    }
  }

  @Test("the results may be behind a link, as libcni follows one")
  func link() async throws {
    let setting = try Setting()
    try setting.folder.add("", named: "elsewhere/x")
    try setting.folder.add("", named: "cni/x")
    try systemCall("symlink") { symlink("\(setting.folder.path)/elsewhere", setting.results) }
    let list = try network("a")
    _ = try await setting.runtime.add(list, Setting.attachment)
    #expect(try Folder.open("\(setting.folder.path)/elsewhere")?.names().contains("net-c1-eth0") == true)
    #expect(try setting.runtime.cache.attachments().count == 1)
    try await setting.runtime.delete(list, Setting.attachment)
    #expect(text(setting.plugins.calls[1].input).contains("prevResult"))
    #expect(try setting.runtime.cache.attachments().isEmpty)
  }

  @Test("a relative folder is one of the current folder")
  func relative() {
    #expect(ResultCache("some/folder").folder == (resolvedPath(".") ?? "") + "/some/folder")
  }

  @Test("names that make the same name of a file are told apart")
  func sameFile() async throws {
    let setting = try Setting()
    let (first, second) = (try network("a", name: "n-a"), try network("a", name: "n"))
    let attachment = Attachment(containerID: "b", namespace: "/x")
    let other = Attachment(containerID: "a-b", namespace: "/x")
    _ = try await setting.runtime.add(first, attachment)
    let cache = setting.runtime.cache
    #expect(cache.attachment(attachment.id, network: "n-a") != nil && cache.attachment(other.id, network: "n") == nil)
    try await setting.runtime.delete(second, other)
    #expect(!text(setting.plugins.calls[1].input).contains("prevResult"))
    #expect(cache.attachment(attachment.id, network: "n-a") != nil)
    #expect(try cache.attachments(ofContainer: "b").count == 1 && cache.attachments(ofContainer: "a-b").isEmpty)
  }

  @Test("a configuration as large as one may be is read again")
  func large() async throws {
    let setting = try Setting()
    let list = try network(#"{"type":"a","text":"\#(String(repeating: "x", count: 1_000_000))"}"#)
    _ = try await setting.runtime.add(list, Setting.attachment)
    #expect(setting.runtime.cache.attachment(Setting.attachment.id, network: "net") != nil)
    try await setting.runtime.delete(list, Setting.attachment)
    #expect(text(setting.plugins.calls[1].input).contains("prevResult"))
  }

  @Test("the plugins of files beside the list are kept with the attachment")
  func pluginsBeside() async throws {
    let setting = try Setting()
    try setting.folder.add(#"{"name":"net","cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#, named: "conf/net.conflist")
    try setting.folder.add(#"{"type":"b"}"#, named: "conf/net/1.conf")
    let list = try ConfigurationFolder("\(setting.folder.path)/conf").network(named: "net")
    _ = try await setting.runtime.add(list, Setting.attachment)
    let cached = try #require(setting.runtime.cache.attachment(Setting.attachment.id, network: "net"))
    #expect(text(cached.configuration) == text(list.text))
    #expect(try cached.networkList().plugins == list.plugins)
    try await setting.runtime.delete(cached.networkList(), cached.forDeletion)
    #expect(setting.plugins.words == ["ADD a", "ADD b", "DEL b", "DEL a"])
  }

  @Test(
    "a record that was cut off, or stands before the rest of a longer one, has no plugins; one of a killed ADD has them"
  )
  func brokenRecords() async throws {
    let setting = try Setting()
    let list = try NetworkList(
      parsing: Array(#"{"name":"net","cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#.utf8),
      beside: Array(#"[{"type":"b"}]"#.utf8), path: nil)
    _ = try await setting.runtime.add(list, Setting.attachment)
    let cache = setting.runtime.cache
    let own = try Folder.make("\(setting.results)/.swift-cni")
    func types() throws -> [String]? {
      try cache.attachment(Setting.attachment.id, network: "net")?.networkList().plugins.map(\.type)
    }
    let record = text(try #require(try own.read("net-c1-eth0")))
    #expect(try types() == ["a", "b"])
    let head = try #require(record.split(separator: "\n").first)
    for (contents, found) in [
      ("\(head)\n[{\"type\":\"b\"}", ["a"]), ("\(head)\n\nend\n\"rest of a longer one\"}", ["a"]), ("\(head)\n", ["a"]),
      ("", ["a"]), (record, ["a", "b"]),
    ] {
      try own.overwrite("net-c1-eth0", with: Array(contents.utf8))
      #expect(try types() == found)
    }
    // As if it had been killed when libcni's file was written.
    try cache.begin(list, Setting.attachment)
    #expect(try types() == ["a", "b"])
  }

  @Test("GC removes what killed processes have left in the folder, and no lock that is held")
  func hidden() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    let own = try Folder.make("\(setting.results)/.swift-cni")
    for name in [".net-c9-eth0.new", ".net-c8-eth0.new", ".calls-gone.lock", ".calls-busy.lock"] {
      try own.overwrite(name, with: [])
    }
    let locks = (try own.tryLock("net-c8-eth0"), try own.tryLock(".calls-busy.lock", isShared: true))
    try await setting.runtime.collectGarbage(network("a")) { _ in true }
    #expect(try setting.ownFiles() == [".calls-busy.lock", ".net-c8-eth0.new", "net-c1-eth0", "net-c8-eth0"])
    withExtendedLifetime(locks) {}
  }

  @Test("a file that another has written since has none of the plugins beside the list")
  func overwritten() async throws {
    let setting = try Setting()
    let list = try NetworkList(
      parsing: Array(#"{"name":"net","cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#.utf8),
      beside: Array(#"[{"type":"b"}]"#.utf8), path: nil)
    _ = try await setting.runtime.add(list, Setting.attachment)
    try setting.date("net-c1-eth0", FileTime.now().seconds)
    let cached = try #require(setting.runtime.cache.attachment(Setting.attachment.id, network: "net"))
    #expect(try cached.networkList().plugins.map(\.type) == ["a"])
  }

  @Test("a file without a namespace has that of the result's interface, as podman's and containerd's of Debian")
  func oldFiles() throws {
    let setting = try Setting()
    let interfaces = #"{"name":"br0"},{"name":"eth0"},{"name":"eth0","sandbox":"/proc/self/ns/net"}"#
    let result = #","result":{"cniVersion":"1.0.0","dns":{},"interfaces":[\#(interfaces)]}"#
    try setting.put(entry("c", members: result), as: "net-c-eth0")
    let found = try #require(try setting.runtime.cache.attachments().first)
    #expect(found.attachment.namespace == "/proc/self/ns/net")
    #expect(found.currentNamespace == "/proc/self/ns/net")
    #expect(found.forDeletion == found.attachment)
    try setting.put(entry("c", "eth1", members: result), as: "net-c-eth0")
    #expect(try setting.runtime.cache.attachments().map(\.attachment.namespace) == [nil])
  }

  @Test("after a boot a path leads to another namespace, and so does that of a process that started later")
  func reused() throws {
    let setting = try Setting()
    let cache = setting.runtime.cache
    let own = "/proc/\(getpid())/ns/net"
    let members = #","netns":"\#(own)""#
    try setting.put(entry("c", members: members), as: "net-c-eth0")
    #expect(try cache.attachments().map(\.currentNamespace) == [own])
    // Before this process, and in this boot.
    try setting.date("net-c-eth0", FileTime.boot().seconds + 1)
    #expect(try cache.attachments().map(\.isOfFormerBoot) == [false])
    #expect(try cache.attachments().map(\.currentNamespace) == [nil])
    #expect(try cache.attachments().map(\.attachment.namespace) == [own])
    try setting.put(entry("c", members: #","netns":"/proc/self/ns/net""#), as: "net-c-eth0")
    try setting.date("net-c-eth0", FileTime.boot().seconds - 100)
    #expect(try cache.attachments().map(\.currentNamespace) == [nil])
    #expect(try cache.attachments().map(\.forDeletion.namespace) == [nil])
  }

  @Test("an attachment of a boot before is told apart: by its record, else by its time")
  func boots() async throws {
    let setting = try Setting()
    let cache = setting.runtime.cache
    func isFormer() throws -> Bool? { try cache.attachments().first?.isOfFormerBoot }
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    let own = try Folder.make("\(setting.results)/.swift-cni")
    let record = text(try #require(try own.read("net-c1-eth0")))
    #expect(try isFormer() == false)
    // The record is of another boot.
    try own.overwrite("net-c1-eth0", with: Array(("0" + record).utf8))
    #expect(try isFormer() == true)
    // Another runtime has written the file since, so that the record is of no account.
    try setting.date("net-c1-eth0", FileTime.now().seconds + 100)
    #expect(try isFormer() == false)
    try setting.date("net-c1-eth0", FileTime.boot().seconds - 100)
    #expect(try isFormer() == true)
    // Nobody has written a record.
    try own.unlink("net-c1-eth0")
    #expect(try isFormer() == true)
    try setting.date("net-c1-eth0", FileTime.boot().seconds + 100)
    #expect(try isFormer() == false)
  }

  @Test("a record that was written while the clock was wrong still counts")
  func wrongClock() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    try setting.date("net-c1-eth0", 1000)
    let own = try Folder.make("\(setting.results)/.swift-cni")
    let record = text(try #require(try own.read("net-c1-eth0"))).split(separator: " ")[0]
    try own.overwrite("net-c1-eth0", with: Array("\(record) 1000.5\n".utf8))
    #expect(try setting.runtime.cache.attachments().map(\.isOfFormerBoot) == [false])
  }

  @Test("a file that a crash has left beside ours is not listed, and does no harm")
  func leftovers() async throws {
    let setting = try Setting()
    let own = try Folder.make("\(setting.results)/.swift-cni")
    try own.overwrite(".net-c1-eth0.new", with: Array(entry("c1").utf8))
    #expect(try setting.runtime.cache.attachments().isEmpty)
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    #expect(try setting.ownFiles() == ["net-c1-eth0"])
  }

  @Test("names as long as files can have are cached")
  func longNames() async throws {
    let setting = try Setting()
    let attachment = Attachment(containerID: String(repeating: "c", count: 240), namespace: "/x")
    _ = try await setting.runtime.add(network("a"), attachment)
    #expect(try setting.runtime.cache.attachments().count == 1)
    try await setting.runtime.delete(network("a"), attachment)
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
  }
}
