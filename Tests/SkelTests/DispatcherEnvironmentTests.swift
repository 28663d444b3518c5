// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Testing

@testable import Skel

@Suite struct DispatcherEnvironmentTests {
  private static let needs = Verb.allCases.map { ($0, $0.requirements.variables) }

  /// Every operation with every selection of the variables that it needs.
  private static let selections = needs.flatMap { verb, variables in
    (1..<1 << variables.count).map { bits in
      (verb, variables.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
    }
  }

  @Test("all missing variables are named in one error of code 4, and the plugin is not called", arguments: selections)
  func missing(verb: Verb, missing: [Variable]) {
    // Unset and empty are the same.
    for value in [nil, ""] {
      let plugin = RecordingPlugin()
      let changes = Dictionary(missing.map { ($0, value) }) { first, _ in first }
      let answer = Sample.call(verb, changes).answer(plugin)
      #expect(answer.status == 1)
      #expect(answer.code == 4)
      let names = missing.map(\.rawValue).joined(separator: ", ")
      #expect(answer.message == "\(verb.rawValue) needs environment variables that are not set: \(names)")
      #expect(plugin.calls.isEmpty)
    }
  }

  @Test("the selections are of every operation that needs any")
  func complete() {
    let expected = Verb.allCases.filter { ![.status, .version].contains($0) }
    #expect(Set(Self.selections.map(\.0)) == Set(expected))
  }

  @Test("with what it needs, and nothing else, an operation succeeds", arguments: Verb.allCases)
  func enough(verb: Verb) {
    let needless = Variable.allCases.filter {
      ![.command, .namespaceOverride].contains($0) && !verb.requirements.variables.contains($0)
    }
    for value in [nil, "", "dummy"] {
      let changes = Dictionary(needless.map { ($0, value) }) { first, _ in first }
      #expect(Sample.call(verb, changes).answer(RecordingPlugin()).status == 0)
    }
  }

  @Test(
    "a bad container ID is code 4 and named", arguments: ["../x", "a/b", ".a", "a b", "-", "é"],
    [Verb.add, .delete, .check])
  func containerID(id: String, verb: Verb) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, [.containerID: id]).answer(plugin)
    #expect(answer.code == 4)
    #expect(answer.message == "CNI_CONTAINERID: expected \(identifierRule), found \"\(id)\"")
    #expect(plugin.calls.isEmpty)
  }

  @Test(
    "a bad interface name is code 4 and named",
    arguments: ["..", ".", "a/b", "a:b", "a b", "eth%d", "sixteen_bytes_xx"],
    [Verb.add, .delete, .check])
  func interface(name: String, verb: Verb) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, [.interface: name]).answer(plugin)
    #expect(answer.code == 4)
    #expect(answer.message.hasPrefix("CNI_IFNAME: expected 1 to 15 bytes"))
    #expect(answer.message.hasSuffix("found \"\(name)\""))
    #expect(plugin.calls.isEmpty)
  }

  @Test(
    "a namespace that is none is code 4 with the reason", arguments: [Verb.add, .check],
    [
      ("/run/netns/no-such-namespace", "open /run/netns/no-such-namespace: No such file or directory"),
      (#filePath, "\(#filePath) is not a network namespace"),
      ("/proc/self/ns/mnt", "/proc/self/ns/mnt is not a network namespace"),
    ])
  func noNamespace(verb: Verb, namespace: (path: String, reason: String)) {
    let plugin = RecordingPlugin()
    for override in [nil, "1"] {
      let answer = Sample.call(verb, [.namespace: namespace.path, .namespaceOverride: override]).answer(plugin)
      #expect(answer.code == 4)
      #expect(answer.message == "CNI_NETNS: \(namespace.reason)")
    }
    #expect(plugin.calls.isEmpty)
  }

  @Test("the plugin's own namespace is code 4", arguments: [Verb.add, .check], [nil, "", "0", "false", "yes"])
  func ownNamespace(verb: Verb, override: String?) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, [.namespace: "/proc/thread-self/ns/net", .namespaceOverride: override]).answer(
      plugin)
    #expect(answer.code == 4)
    #expect(
      answer.message
        == "CNI_NETNS: /proc/thread-self/ns/net is the namespace that the plugin runs in, not a container's")
    #expect(plugin.calls.isEmpty)
  }

  @Test("the plugin's own namespace may be allowed", arguments: ["1", "true", "True", "TRUE"])
  func allowed(override: String) {
    let plugin = RecordingPlugin()
    #expect(Sample.call(.add, [.namespaceOverride: override]).answer(plugin).status == 0)
    #expect(plugin.calls == [.add])
  }

  @Test(
    "DEL takes any namespace, but for the plugin's own, which is none",
    arguments: [
      nil, "", "/run/netns/gone", "/proc/self/ns/net", #filePath,
    ])
  func deleteWithout(path: String?) {
    let plugin = RecordingPlugin()
    #expect(Sample.call(.delete, [.namespace: path, .namespaceOverride: nil]).answer(plugin).status == 0)
    #expect(plugin.requests.map(\.namespace) == [path == "" || path == "/proc/self/ns/net" ? nil : path])
  }
}
