// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Glibc
import JSON
import Netlink
import OS
import Skel
import TestSupport
import Testing

@testable import Tuning

/// What needs no container; what is set in one is tested with the kernel.
@Suite struct TuningTests {
  private let folder: TemporaryFolder
  private var allowlist: String { "\(folder.path)/allowlist.conf" }

  init() throws { folder = try TemporaryFolder() }

  private func put(_ text: String, at name: String) throws {
    try Folder.make(folder.path).write(Array(text.utf8), to: name)
  }

  private func requireAllowed(_ members: String) throws {
    let plugin = Tuning(allowlist: allowlist, note: { _ in })
    try plugin.requireAllowed(try Sample.options(members))
  }

  private func names(_ path: String) throws -> [String] {
    let folder = try Folder.open(path)
    return try folder?.names().sorted() ?? []
  }
}

// MARK: - Which keys may be set

extension TuningTests {
  @Test("without a list every key is allowed, and with one only those that it names")
  func allowed() throws {
    let members = #""sysctl":{"net.ipv4.conf.IFNAME.a":"1","net/core/b":"1"}"#
    try requireAllowed(members)
    try put("# ours\r\n^net.ipv4.conf.IFNAME.[a-z_]*$\r\nnet\\.core\\.b\r\n", at: "allowlist.conf")
    try requireAllowed(members)
    let message = "sysctl.net/core/c: \(allowlist): net.core.c is not allowed"
    #expect(throws: CNIError(.invalidConfiguration, message)) { try requireAllowed(#""sysctl":{"net/core/c":"1"}"#) }
  }

  @Test("a key of args.cni must be allowed too")
  func argumentsAllowed() throws {
    try put("net.core.a\n", at: "allowlist.conf")
    let members = #""sysctl":{"net.core.a":"1"},"args":{"cni":{"sysctl":{"net.core.b":"1"}}}"#
    let message = "args.cni.sysctl.net.core.b: \(allowlist): net.core.b is not allowed"
    #expect(throws: CNIError(.invalidConfiguration, message)) { try requireAllowed(members) }
  }

  @Test("a pattern that matches a part is refused with advice, the list's path and the line")
  func partial() throws {
    try put("\nnet.core\n", at: "allowlist.conf")
    let error = try #require(throws: CNIError.self) { try requireAllowed(#""sysctl":{"net.core.a":"1"}"#) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.hasPrefix("sysctl.net.core.a: \(allowlist): net.core.a is not allowed: line 2, \"net.core\""))
  }

  @Test("an empty list allows no key")
  func emptyList() throws {
    try put("", at: "allowlist.conf")
    #expect(throws: CNIError.self) { try requireAllowed(#""sysctl":{"net.core.a":"1"}"#) }
  }

  @Test("where no key is asked for, the list does not matter")
  func listNotNeeded() throws {
    try put("(", at: "allowlist.conf")
    try requireAllowed(#""mtu":1400"#)
    #expect(Sample.answer("ADD", Sample.config(), allowlist: allowlist).status == 0)
  }

  @Test("a line that is no pattern is told, and the rest counts; a list that cannot be read is code 5")
  func badList() throws {
    try put("net.core.a\nnet.(\n", at: "allowlist.conf")
    let options = try Sample.options(#""sysctl":{"net.core.a":"1"}"#)
    var notes: [String] = []
    try Tuning(allowlist: allowlist, note: { notes.append($0) }).requireAllowed(options)
    #expect(notes.count == 1)
    #expect(notes.first?.hasPrefix("tuning: \(allowlist): line 2: \"net.(\" is not a regular expression") == true)
    let refused = Sample.answer("ADD", Sample.config(#""sysctl":{"net.core.b":"1"}"#), allowlist: allowlist)
    #expect(refused.code == 7)
    #expect(refused.message.contains("net.core.b is not allowed; line 2: \"net.(\" is not a regular expression"))
    let unreadable = Sample.answer("ADD", Sample.config(#""sysctl":{"net.core.a":"1"}"#), allowlist: folder.path)
    #expect(unreadable.code == 5)
  }

  @Test("a key that is not allowed changes nothing")
  func notAllowed() throws {
    try put("# nothing", at: "allowlist.conf")
    let config = Sample.config(#""sysctl":{"net.core.a":"1"},"mtu":1400,"dataDir":"\#(folder.path)/kept""#)
    let answer = Sample.answer("ADD", config, allowlist: allowlist)
    #expect(answer.code == 7)
    #expect(answer.message == "sysctl.net.core.a: \(allowlist): net.core.a is not allowed")
    #expect(try names(folder.path) == ["allowlist.conf"])
  }
}

// MARK: - ADD and CHECK

extension TuningTests {
  @Test(
    "ADD with nothing asked for passes the result through, and needs no namespace for it",
    arguments: ["", #""promisc":false,"mtu":0"#, #""restoreSysctl":true"#])
  func addNothing(members: String) throws {
    let request = try Sample.request(members)
    let plugin = Tuning(allowlist: allowlist, note: { _ in })
    let result = try plugin.add(request)
    #expect(result.encoded(.v1_1_0).canonicalResult == (try JSON(Sample.result).canonicalResult))
    try plugin.check(request)
    let answer = Sample.answer("ADD", Sample.config(members))
    #expect(answer.status == 0)
    #expect(answer.json?.canonicalResult == (try JSON(Sample.result).canonicalResult))
  }

  @Test("a namespace that is not there is code 4 where something is asked for")
  func noNamespace() throws {
    let request = try Sample.request(#""mtu":1400"#)
    let plugin = Tuning(allowlist: allowlist, note: { _ in })
    for call in [{ _ = try plugin.add(request) }, { try plugin.check(request) }] {
      let error = try #require(throws: CNIError.self) { try call() }
      #expect(error.code == .badEnvironment)
      #expect(error.message.hasPrefix("CNI_NETNS: "))
    }
  }

  @Test(
    "an argument that is not known is code 4, unless IgnoreUnknown allows it", arguments: ["ADD", "CHECK"],
    [
      ("POD=x", false), ("MAC=02:00:00:00:00:01;MTU=7", false), ("IgnoreUnknown=0;X=1", false), ("IP=1;half", false),
      ("IgnoreUnknown=1;X=1;half", true), ("X=1;IgnoreUnknown=true", true), ("", true),
      ("K8S_POD_NAME=x;IP=192.0.2.1;GATEWAY=192.0.2.2", true),
    ])
  func arguments(verb: String, arguments: (text: String, isFine: Bool)) {
    let answer = Sample.answer(verb, Sample.config(), arguments: arguments.text)
    #expect(answer.status == (arguments.isFine ? 0 : 1))
    #expect(answer.code == (arguments.isFine ? nil : 4))
    #expect(arguments.isFine || answer.message.hasPrefix("CNI_ARGS: expected KEY=value with a key out of IP, MAC"))
  }

  @Test("a result of the plugins before is needed, also if nothing is asked for", arguments: ["ADD", "CHECK"])
  func noPreviousResult(verb: String) {
    for members in ["", #""mtu":1400"#, #""prevResult":null"#] {
      let answer = Sample.answer(verb, Sample.config(members, result: nil))
      #expect(answer.code == 7)
      let reason = "expected the result of the plugins before (tuning is a chained plugin), found nothing"
      #expect(answer.message == "prevResult: \(reason)")
    }
  }

  @Test(
    "bad options are code 7 before anything is touched", arguments: ["ADD", "CHECK"],
    [#""mtu":-1"#, #""mac":"x""#, #""sysctl":{"kernel.x":"1"}"#, #""ethtool":[]"#, #""args":{"cni":{"mtu":"x"}}"#])
  func badOptions(verb: String, member: String) throws {
    let config = Sample.config(#""txQLen":7,"dataDir":"\#(folder.path)/kept",\#(member)"#)
    #expect(Sample.answer(verb, config).code == 7)
    #expect(try names("\(folder.path)/kept").isEmpty)
  }

  @Test("what differs is told with both values, and what is not asked for is not looked at")
  func differences() throws {
    let members = """
      "mac":"02:00:00:00:00:01","mtu":1,"promisc":true,"allmulti":true,"txQLen":1,"linkAlias":"a","group":1
      """
    let wanted = try Sample.options(members).link
    for child in Mirror(reflecting: wanted).children { #expect("\(child.value)" != "nil") }
    #expect(wanted.differences(from: wanted).isEmpty)
    #expect(wanted.differences(from: LinkAttributes()).isEmpty)
    let missing = LinkAttributes().differences(from: wanted)
    #expect(missing.count == Mirror(reflecting: wanted).children.count)
    #expect(missing.first == "mac is missing instead of 02:00:00:00:00:01")
    var actual = wanted
    actual.mtu = 2
    actual.isPromiscuous = false
    #expect(actual.differences(from: wanted) == ["mtu is 2 instead of 1", "promisc is false instead of true"])
  }
}

// MARK: - DEL, GC and STATUS

extension TuningTests {
  private var dataDir: String { #""dataDir":"\#(folder.path)/kept""# }

  private func keep(_ files: [String: String]) throws {
    let kept = try Folder.make("\(folder.path)/kept")
    for (name, text) in files { try kept.write(Array(text.utf8), to: name) }
  }

  @Test("DEL succeeds if nothing is kept, whatever else is wrong, and makes no folder")
  func deleteNothing() throws {
    for members in ["", #""mtu":"x""#, #""sysctl":{"kernel.x":5}"#] {
      let config = Sample.config(members.isEmpty ? dataDir : "\(dataDir),\(members)", result: nil)
      let answer = Sample.answer("DEL", config, arguments: "K8S_POD_NAME=x")
      #expect(answer.status == 0)
      #expect(answer.notes.isEmpty)
    }
    #expect(try names(folder.path).isEmpty)
  }

  @Test(
    "DEL removes what is kept of its owner only, also if it is broken or the namespace is gone",
    arguments: [#"{"mtu":1400}"#, "{", "", "{}"])
  func delete(text: String) throws {
    try keep(["id_eth0.json": text, "id_eth1.json": "{}", "other_eth0.json": "{}"])
    let notes = Notes()
    let request = try Sample.request(dataDir)
    try Tuning(allowlist: allowlist, note: { notes.lines.append($0) }).delete(request)
    #expect(try names("\(folder.path)/kept") == ["id_eth1.json", "other_eth0.json"])
    let isBroken = !text.hasSuffix("}")
    let path = "\(folder.path)/kept/id_eth0.json"
    #expect(notes.lines == (isBroken ? ["tuning: \(path) holds no JSON object: what was kept there is lost"] : []))
  }

  @Test("DEL succeeds with a folder that is none, and says so on stderr")
  func deleteWithoutFolder() throws {
    try put("x", at: "kept")
    let answer = Sample.answer("DEL", Sample.config(dataDir))
    #expect(answer.status == 0)
    #expect(answer.notes.count == 1)
    #expect(answer.notes.first?.hasPrefix("tuning: open \(folder.path)/kept") == true)
  }

  @Test("GC removes what the network kept, but for the list, other networks, upstream's files and what is broken")
  func collectGarbage() throws {
    let ours = #"{"mtu":1,"network":"net"}"#
    let files = [
      "id_eth0.json": ours, "id_eth1.json": ours, "gone_eth0.json": ours, "else_eth0.json": #"{"network":"other"}"#,
      "peer_eth0.json": #"{"mtu":1}"#, "broken_eth0.json": "{", "note": "",
    ]
    try keep(files)
    let list =
      #""cni.dev/valid-attachments":[{"containerID":"id","ifname":"eth0"},{"containerID":"x","ifname":"eth1"}]"#
    let answer = Sample.answer("GC", Sample.config("\(dataDir),\(list)"))
    #expect(answer.status == 0)
    let left = ["broken_eth0.json", "else_eth0.json", "id_eth0.json", "note", "peer_eth0.json"]
    #expect(try names("\(folder.path)/kept") == left)
  }

  @Test("GC without a folder, or without a list, removes nothing and makes no folder")
  func collectNothing() throws {
    let none = #""cni.dev/valid-attachments":[]"#
    #expect(Sample.answer("GC", Sample.config("\(dataDir),\(none)")).status == 0)
    #expect(try names(folder.path).isEmpty)
    try keep(["id_eth0.json": #"{"network":"net"}"#])
    #expect(Sample.answer("GC", Sample.config(dataDir)).status == 0)
    #expect(try names("\(folder.path)/kept") == ["id_eth0.json"])
  }

  @Test("a folder that is not named by an absolute path is code 7 for GC and STATUS")
  func relativeFolder() {
    let config = Sample.config(#""dataDir":"x","cni.dev/valid-attachments":[]"#)
    for verb in ["GC", "STATUS"] {
      let answer = Sample.answer(verb, config)
      #expect(answer.code == 7)
      #expect(answer.message == "dataDir: expected an absolute path, found \"x\"")
    }
  }

  private func status(_ members: String) -> Answer {
    Sample.answer("STATUS", Sample.config(members, result: nil), allowlist: allowlist)
  }

  @Test("STATUS is fine with what ADD could do, and makes nothing", .enabled(if: geteuid() == 0))
  func status() throws {
    let asked = #""sysctl":{"net.core.somaxconn":"500","net.ipv4.conf.IFNAME.arp_filter":"1"}"#
    for members in ["", #""mtu":1400"#, asked, #""ethtool":{"rx-gro":true}"#, "\(dataDir),\(asked)"] {
      #expect(status(members).status == 0)
    }
    try put("# ours\nnet.core.*\nnet.ipv4.conf.eth0.arp_filter\n", at: "allowlist.conf")
    #expect(status(asked).status == 0)
    #expect(try names(folder.path) == ["allowlist.conf"])
  }

  @Test("STATUS with what no ADD could take is code 7, as ADD's", .enabled(if: geteuid() == 0))
  func badStatus() throws {
    for (members, message) in [
      (#""sysctl":{"kernel.x":"1"}"#, "sysctl.kernel.x: expected a key below net"), (#""mtu":"x""#, "mtu: expected"),
      (#""ethtool":{"a":1}"#, "ethtool.a: expected true or false, found 1"),
      (#""sysctl":{"net.core.nosuch":"1"}"#, "sysctl.net.core.nosuch: a container has no /proc/sys/net/core/nosuch"),
    ] {
      #expect(status(members).code == 7)
      #expect(status(members).message.hasPrefix(message))
    }
    try put("net.core.a\n", at: "allowlist.conf")
    #expect(status(#""sysctl":{"net.core.somaxconn":"1"}"#).code == 7)
  }

  @Test("STATUS is code 50 where the list cannot be read, or the folder for backups not be made")
  func unusableNode() throws {
    try put("x", at: "kept")
    #expect(status(dataDir).code == 50)
    #expect(status(#""dataDir":"/proc/kept""#).status == (geteuid() == 0 ? 0 : 1))
    let list = Sample.answer("STATUS", Sample.config(#""sysctl":{"net.core.a":"1"}"#), allowlist: folder.path)
    #expect(list.code == 50)
  }

  private final class Notes {
    var lines: [String] = []
  }
}
