// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct NetworkRuntimeStatusTests {
  private func answering(_ text: String, status: Int32 = 0) throws -> Setting {
    try Setting(FakePlugins { _ in FakePlugins.printing(text, status: status) })
  }

  @Test("STATUS asks each plugin; the first error ends it, in the plugin's words")
  func status() async throws {
    let setting = try Setting(failing("STATUS b", code: 50))
    let failure = await runtimeFailure {
      try await setting.runtime.status(network("a", "b", "c", version: "1.1.0"))
    }
    #expect(failure?.code == 50)
    #expect("\(try #require(failure))" == "no STATUS b")
    #expect(setting.plugins.words == ["STATUS a", "STATUS b"])
  }

  @Test("below 1.1.0 nobody is asked", arguments: ["", "0.4.0", "1.0.0"])
  func oldStatus(version: String) async throws {
    let setting = try Setting(failing("STATUS a"))
    try await setting.runtime.status(network("a", version: version))
    #expect(setting.plugins.calls.isEmpty)
  }

  @Test(
    "the versions that a plugin tells",
    arguments: [
      (#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}"#, ["0.4.0", "1.0.0"]),
      (#"{"cniVersion":"0.2.0"}"#, ["0.1.0", "0.2.0"]),
    ])
  func versions(answer: String, expected: [String]) async throws {
    #expect(try await answering(answer).runtime.version(ofPlugin: "a") == expected)
  }

  @Test("a plugin that does not know VERSION is of the first version")
  func first() async throws {
    let setting = try answering(#"{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}"#, status: 1)
    #expect(try await setting.runtime.version(ofPlugin: "a") == ["0.1.0"])
  }

  @Test(
    "an answer without versions is refused",
    arguments: [
      (#"{"cniVersion":"1.0.0"}"#, "missing field supportedVersions"),
      (#"{"supportedVersions":["1.0.0"]}"#, "missing field cniVersion"),
      ("", "no input"),
    ])
  func noVersions(answer: String, message: String) async throws {
    let setting = try answering(answer)
    let failure = await runtimeFailure { try await setting.runtime.version(ofPlugin: "a") }
    #expect(failure?.reason == .invalidResult("decoding version info: \(message)"))
  }

  @Test("validating finds every plugin that is missing or does not speak the version")
  func validate() async throws {
    let setting = try Setting(FakePlugins(missing: ["x"]))
    let failure = await runtimeFailure {
      try await setting.runtime.validate(network("a", "x", "b", version: "1.1.0"))
    }
    #expect(
      "\(try #require(failure))" == """
        plugin a does not support config version "1.1.0"
        failed to find plugin "x" in path [/bin1 /bin2]
        plugin b does not support config version "1.1.0"
        """)
  }

  @Test("validating returns the capabilities; no version means 0.1.0")
  func valid() async throws {
    let setting = try Setting()
    let list = try network(#"{"type":"a","capabilities":{"ips":true}}"#)
    #expect(try await setting.runtime.validate(list) == ["ips"])
    let failure = await runtimeFailure {
      try await setting.runtime.validate(network("a", version: ""))
    }
    #expect(failure?.message == #"plugin a does not support config version "0.1.0""#)
  }
}
