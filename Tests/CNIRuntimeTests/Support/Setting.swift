// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Glibc
import OS
import TestSupport
import Testing

/// Swift Testing has another type of this name.
typealias Attachment = CNIRuntime.Attachment

/// A runtime with a cache of its own, and fake plugins.
struct Setting {
  let folder: TemporaryFolder
  let plugins: FakePlugins

  init(_ plugins: FakePlugins = FakePlugins()) throws {
    folder = try TemporaryFolder()
    self.plugins = plugins
  }

  var cacheFolder: String { "\(folder.path)/cni" }
  var results: String { "\(cacheFolder)/results" }

  var options: NetworkRuntime.Options {
    NetworkRuntime.Options(pluginFolders: ["/bin1", "/bin2"], cacheFolder: cacheFolder, executor: plugins)
  }

  var runtime: NetworkRuntime { NetworkRuntime(options) }

  /// The names of the cache's files, as those see them who know libcni's layout only.
  func files() throws -> [String] {
    try Folder.open(results)?.names().filter { !$0.hasPrefix(".") }.sorted() ?? []
  }

  /// The names of what else is kept.
  func ownFiles() throws -> [String] { try Folder.open("\(results)/.swift-cni")?.names().sorted() ?? [] }

  func contents(_ name: String) throws -> String {
    String(decoding: try FileDescriptor.open("\(results)/\(name)").readAll(), as: UTF8.self)
  }

  /// Puts a file into the cache, as another runtime would.
  func put(_ text: String, as name: String) throws {
    let results = try Folder.make(results)
    try results.overwrite(name, with: Array(text.utf8))
  }

  /// Dates a file of the cache.
  func date(_ name: String, _ seconds: Int) throws {
    let times = [timespec(tv_sec: seconds, tv_nsec: 5), timespec(tv_sec: seconds, tv_nsec: 5)]
    try systemCall("utimensat") { utimensat(AT_FDCWD, "\(results)/\(name)", times, 0) }
  }

  static let attachment = Attachment(containerID: "c1", namespace: "/run/netns/c1")
}

/// A network of these plugins.
func network(
  _ plugins: String..., name: String = "net", version: String = "1.0.0", members: String = ""
) throws -> NetworkList {
  let list = plugins.map { $0.hasPrefix("{") ? $0 : #"{"type":"\#($0)"}"# }.joined(separator: ",")
  return try NetworkList(
    parsing: Array(#"{"name":"\#(name)","cniVersion":"\#(version)"\#(members),"plugins":[\#(list)]}"#.utf8))
}

/// The error of an operation of a runtime; nil if it succeeds.
func runtimeFailure<T>(_ body: () async throws -> T) async -> RuntimeError? {
  do {
    _ = try await body()
  } catch let error as RuntimeError {
    return error
  } catch {
    Issue.record(error, "expected an error of the runtime")
  }
  return nil
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
