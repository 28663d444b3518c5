// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Glibc
import OS
import TestSupport
import Testing

@Suite struct ConfigurationFolderTests {
  private let files: TemporaryFolder
  private var folder: ConfigurationFolder { ConfigurationFolder(files.path) }

  init() throws { files = try TemporaryFolder() }

  private func put(_ name: String, _ text: String) throws {
    let parts = name.split(separator: "/").map(String.init)
    let folder = try Folder.make(parts.count > 1 ? "\(files.path)/\(parts[0])" : files.path)
    try folder.overwrite(parts[parts.count - 1], with: Array(text.utf8))
  }

  private func list(_ name: String, _ type: String = "bridge", _ members: String = "") -> String {
    #"{"name":"\#(name)"\#(members),"plugins":[{"type":"\#(type)"}]}"#
  }

  private func failure(_ body: () throws(ConfigurationError) -> NetworkList) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  @Test("the files of the three endings are read by what is in them, in lexical order")
  func order() throws {
    try put("30-c.json", list("c"))
    try put("20-b.conflist", #"{"name":"b","type":"ptp"}"#)
    try put("10-a.conf", list("a"))
    try put("05-no.txt", list("no"))
    try put("00-no.conf.bak", list("no"))
    let (networks, problems) = folder.networks()
    #expect(networks.map(\.name) == ["a", "b", "c"])
    #expect(networks[0].path == "\(files.path)/10-a.conf")
    #expect(problems.isEmpty)
    #expect(try folder.first().name == "a")
    for name in ["a", "b", "c"] { #expect(try folder.network(named: name).name == name) }
  }

  @Test("of two files with one name a list wins, else the first")
  func twice() throws {
    try put("10.conf", #"{"name":"n","type":"single"}"#)
    try put("20.conflist", list("n", "second"))
    try put("30.conflist", list("n", "third"))
    #expect(try folder.network(named: "n").plugins.map(\.type) == ["second"])
    #expect(try folder.first().plugins.map(\.type) == ["single"])
  }

  @Test("a broken file is told, and hides no other")
  func broken() throws {
    try put("10-bad.conflist", "{\n\"name\": 1}")
    try put("20-good.conflist", list("good"))
    try put("30-bad.conf", "")
    let (networks, problems) = folder.networks()
    #expect(networks.map(\.name) == ["good"])
    #expect(problems.map(\.file) == ["\(files.path)/10-bad.conflist", "\(files.path)/30-bad.conf"])
    #expect(problems.map(\.line) == [2, nil])
    #expect(try folder.network(named: "good").name == "good")
    #expect(try folder.first().name == "good")
  }

  @Test("a network that is not there is told in libcni's words, with what is wrong with the files")
  func notFound() throws {
    #expect(
      failure { () throws(ConfigurationError) in try folder.network(named: "n") }?.message
        == "no net configurations found in \(files.path)")
    #expect(
      failure { () throws(ConfigurationError) in try folder.first() }?.message
        == "no net configurations found in \(files.path)")
    try put("10-bad.conf", "x")
    let failure = failure { () throws(ConfigurationError) in try folder.network(named: "n") }
    #expect(failure?.message == "no net configuration with name \"n\" in \(files.path)")
    #expect(failure?.others.map(\.file) == ["\(files.path)/10-bad.conf"])
    let missing = ConfigurationFolder("\(files.path)/missing")
    #expect(missing.networks().networks.isEmpty && missing.networks().problems.isEmpty)
  }

  @Test("plugins of the folder with the network's name follow those of the list, sorted")
  func folderPlugins() throws {
    try put("10.conflist", list("n"))
    try put("n/20.conf", #"{"type":"second"}"#)
    try put("n/10.conf", #"{"type":"first","x":1}"#)
    try put("n/30.conflist", #"{"type":"no"}"#)
    #expect(try folder.network(named: "n").plugins.map(\.type) == ["bridge", "first", "second"])
    #expect(text(try folder.network(named: "n").text) == list("n"))
    try put("10.conflist", #"{"name":"n"}"#)
    #expect(try folder.network(named: "n").plugins.map(\.type) == ["first", "second"])
    try put("10.conflist", list("n", "bridge", #","loadOnlyInlinedPlugins":"true""#))
    #expect(try folder.network(named: "n").plugins.map(\.type) == ["bridge"])
    try put("10.conflist", #"{"name":"n","type":"single"}"#)
    #expect(try folder.network(named: "n").plugins.map(\.type) == ["single"])
  }

  @Test("a plugin's file that is broken is told by its own name")
  func brokenPlugin() throws {
    try put("10.conflist", list("n"))
    try put("n/10.conf", "{\n\"type\": \"a/b\"}")
    let problem = folder.networks().problems.first
    #expect(problem?.file == "\(files.path)/n/10.conf")
    #expect(problem?.line == 2)
  }

  @Test("a list with no plugin anywhere is told")
  func noPlugins() throws {
    try put("10.conflist", #"{"name":"n"}"#)
    #expect(folder.networks().problems.map(\.message) == ["no plugin configs found"])
  }

  @Test("links are followed; folders and links to nothing are passed over, as files that vanished")
  func links() throws {
    try put("data/real", list("linked"))
    _ = try Folder.make("\(files.path)/10.conflist")
    for (name, target) in [("20.conflist", "data/real"), ("30.conflist", "data/gone"), ("link", files.path)] {
      try systemCall("symlink") { symlink(target, "\(files.path)/\(name)") }
    }
    let (networks, problems) = ConfigurationFolder("\(files.path)/link").networks()
    #expect(networks.map(\.name) == ["linked"])
    #expect(problems.isEmpty)
  }

  @Test("a file is read by its path, whatever its ending")
  func file() throws {
    try put("x", list("n"))
    #expect(try NetworkList(file: "\(files.path)/x").name == "n")
    #expect(
      failure { () throws(ConfigurationError) in try NetworkList(file: "\(files.path)/y") }?.message
        == "there is no such file")
  }

  @Test("a file that is too large is refused")
  func large() throws {
    try put("x", String(repeating: " ", count: 1 << 20) + list("n"))
    #expect(
      failure { () throws(ConfigurationError) in try NetworkList(file: "\(files.path)/x") }?.message.contains("1 MiB")
        == true)
  }
}
