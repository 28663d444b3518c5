// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIPlugins
import CNIRuntime
import TestSupport
import Testing

@Suite struct InProcessPluginsTests {
  private let cache: TemporaryFolder

  init() throws { cache = try TemporaryFolder() }

  /// A runtime with nothing but the plugins of this process.
  private var runtime: NetworkRuntime {
    NetworkRuntime(
      .init(
        pluginFolders: ["/nothing"], cacheFolder: "\(cache.path)/cni", environment: ["CNI_NETNS_OVERRIDE": "1"],
        executor: InProcessExecutor(.all)))
  }

  private func network(_ text: String) throws -> NetworkList { try NetworkList(parsing: Array(text.utf8)) }

  @Test("every plugin of the program answers in this process", arguments: InProcessPlugins.all.names)
  func versions(name: String) async throws {
    #expect(try await runtime.version(ofPlugin: name).contains("1.1.0"))
  }

  @Test("an attachment is made and deleted in this process")
  func attachment() async throws {
    let list = try network(
      #"{"name":"net","cniVersion":"1.0.0","plugins":[{"type":"host-local","ipam":{"type":"host-local","subnet":"10.1.2.0/24","dataDir":"\#(cache.path)/net"}}]}"#
    )
    let attachment = CNIRuntime.Attachment(containerID: "c1", namespace: "/proc/self/ns/net")
    #expect(try await runtime.add(list, attachment).addresses.map(\.address) == ["10.1.2.2/24"])
    #expect(try cache.read("net/net/10.1.2.2").hasPrefix("c1"))
    try await runtime.delete(list, attachment)
    #expect(try cache.read("net/net/10.1.2.2").isEmpty)
    #expect(try runtime.cache.attachments().isEmpty)
  }

  @Test("a plugin that another one delegates to is called in this process too")
  func delegation() async throws {
    // STATUS of tap asks the IPAM plugin, which is in no folder.
    let list = try network(
      #"{"name":"net","cniVersion":"1.1.0","plugins":[{"type":"tap","ipam":{"type":"nothing"}}]}"#)
    await #expect(throws: RuntimeError.self) { try await runtime.status(list) }
    let known = try network(
      #"{"name":"net","cniVersion":"1.1.0","plugins":[{"type":"tap","ipam":{"type":"host-local","subnet":"10.1.2.0/24","dataDir":"\#(cache.path)/net"}}]}"#
    )
    try await runtime.status(known)
  }

  @Test("an error is the plugin's own, with its code")
  func error() async throws {
    let list = try network(#"{"name":"net","cniVersion":"1.0.0","plugins":[{"type":"host-local","ipam":{}}]}"#)
    do {
      _ = try await runtime.add(list, CNIRuntime.Attachment(containerID: "c1", namespace: "/proc/self/ns/net"))
      Issue.record("expected an error")
    } catch {
      #expect(error.code == 7)
      #expect(error.plugin == "host-local")
    }
  }

  @Test("a plugin that is not of this process is looked for in the folders")
  func other() async throws {
    await #expect(throws: RuntimeError.self) { try await runtime.version(ofPlugin: "calico") }
  }
}
