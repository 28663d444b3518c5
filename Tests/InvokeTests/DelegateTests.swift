// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Invoke
import JSON
import OS
import TestSupport
import Testing

@Suite struct DelegateTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A plugin that does what these lines of a shell say.
  private func delegate(_ lines: String, timeout: Int = 60) throws -> Delegate {
    try folder.addScript(lines, named: "plugin")
    return try find("plugin", in: [folder.path], timeout: timeout)
  }

  private func find(_ type: String, in folders: [String], timeout: Int = 60) throws -> Delegate {
    var environment = Environment.process
    environment["CNI_PATH"] = folders.joined(separator: ":")
    return try Delegate.find(type, for: environment, timeout: timeout, executor: PluginExecutor())
  }

  /// A plugin that says this, and ends so.
  private func delegate(printing text: String, status: Int = 0) throws -> Delegate {
    try delegate("cat <<'END'\n\(text)\nEND\nexit \(status)")
  }

  private static func config(_ version: String = "1.0.0") -> JSONObject {
    JSONObject(["cniVersion": .string(version), "name": .string("net"), "type": .string("plugin")])
  }

  /// What the call of a plugin throws, and that it is the same whether it is asked for a result or not.
  private func failure(_ delegate: Delegate) throws -> CNIError {
    let called = try #require(throws: CNIError.self) { try delegate.call(Self.config()) }
    let added = try #require(throws: CNIError.self) { try delegate.add(Self.config()) }
    #expect(called == added)
    return called
  }
}

// MARK: - Finding

extension DelegateTests {
  @Test("the first plugin of that name in the folders is called")
  func first() throws {
    try folder.addScript("echo second", named: "b/plugin")
    let folders = ["a", "b"].map { "\(folder.path)/\($0)" }
    var delegate = try find("plugin", in: folders)
    #expect(try delegate.call(Self.config()) == Array("second\n".utf8))
    try folder.addScript("echo first", named: "a/plugin")
    delegate = try find("plugin", in: folders)
    #expect(delegate.type == "plugin")
    #expect(try delegate.call(Self.config()) == Array("first\n".utf8))
  }

  @Test("a plugin that is in none of the folders is an error with its name and the folders")
  func notFound() {
    #expect(throws: CNIError(.delegateFailed, "delegate: there is no plugin nosuch in CNI_PATH (/a:/b/c)")) {
      _ = try find("nosuch", in: ["/a", "/b/c"])
    }
    #expect(throws: CNIError(.delegateFailed, "delegate: there is no plugin nosuch in CNI_PATH, which is empty")) {
      _ = try find("nosuch", in: [])
    }
  }

  @Test("a plugin that goes before it is called is an error with its path")
  func gone() throws {
    let delegate = try delegate("exit 0")
    _ = try Program("rm").run(["\(folder.path)/plugin"])
    let error = try failure(delegate)
    #expect(error.code == .delegateFailed)
    #expect(error.message.hasPrefix("delegate to plugin: run \(folder.path)/plugin: "))
  }

  @Test("a plugin that no kernel runs is an error with its path")
  func wrongFormat() throws {
    try folder.add("nothing to run", named: "plugin")
    let error = try failure(find("plugin", in: [folder.path]))
    #expect(error.code == .delegateFailed)
    #expect(error.message.hasPrefix("delegate to plugin: run \(folder.path)/plugin: "))
  }
}

// MARK: - What the plugin is given

extension DelegateTests {
  @Test("the plugin reads the configuration, however large it is")
  func input() throws {
    var config = Self.config()
    config["long"] = .string(String(repeating: "ä\"", count: 200_000))
    let output = try delegate("exec cat").call(config)
    #expect(try JSON(parsing: output) == .object(config))
  }

  @Test("the plugin has the variables of this process, but for those that are given")
  func variables() throws {
    let delegate = try delegate(#"echo "$CNI_COMMAND|$CNI_NETNS|$PATH""#)
    let path = try Program("sh").run(["-c", "echo $PATH"], environment: ["PATH": Program.standardPath]).outputText
    let output = try delegate.call(
      Self.config(), ["CNI_COMMAND": "DEL", "CNI_NETNS": "", "PATH": Program.standardPath])
    #expect(String(decoding: output, as: UTF8.self) == "DEL||\(path)")
  }
}

// MARK: - Success

extension DelegateTests {
  @Test("the result is read in the version that it names, or in the configuration's", arguments: [true, false])
  func result(names: Bool) throws {
    let version = names ? #""cniVersion":"0.4.0","# : ""
    let delegate = try delegate(
      printing: #"{\#(version)"ips":[{"version":"4","address":"10.22.0.5/16"}],"dns":{},"x.y/z":[1]}"#)
    let result = try delegate.add(Self.config(names ? "1.0.0" : "0.3.1"))
    #expect(result.ips.map { "\($0.address)" } == ["10.22.0.5/16"])
    #expect(result.ips.map(\.unknown) == [JSONObject()])
    #expect(result.unknown == JSONObject(["x.y/z": .array([.integer(1)])]))
  }

  @Test("a result of the oldest version is read as such when nobody names a version")
  func oldestResult() throws {
    let delegate = try delegate(printing: #"{"ip4":{"ip":"10.22.0.5/16"}}"#)
    let result = try delegate.add(JSONObject(["name": .string("net")]))
    #expect(result.ips.map { "\($0.address)" } == ["10.22.0.5/16"])
  }

  @Test("a call that needs no result takes whatever is printed", arguments: ["", "nonsense", "{}"])
  func noResult(text: String) throws {
    #expect(try delegate("printf '\(text)'").call(Self.config()) == Array(text.utf8))
  }

  @Test(
    "what a plugin prints instead of a result is told",
    arguments: [
      ("", "plugin's result: expected a result, found nothing"),
      ("nonsense", "plugin's result: expected a result, found nothing"),
      (#"{"ips":["#, "plugin's result: expected a result, found nothing"),
      ("{}{}", "plugin's result: expected a result, found nothing"),
      ("[]", "plugin's result: expected an object, found a list"),
      (#"{"cniVersion":"7.0.0"}"#, "plugin's result.cniVersion: expected one of 0.1.0, "),
      (#"{"ips":{}}"#, "plugin's result.ips: expected a list, found an object"),
      (#"{"ips":[{"address":"10.22.0.5"}]}"#, "plugin's result.ips[0].address: expected an address with its prefix"),
      (#"{"interfaces":[{"name":5}]}"#, "plugin's result.interfaces[0].name: expected a string, found 5"),
    ])
  func badResult(text: String, message: String) throws {
    let delegate = try delegate("printf '%s' '\(text)'")
    let error = try #require(throws: CNIError.self) { try delegate.add(Self.config()) }
    #expect(error.code == .delegateFailed)
    #expect(error.message.hasPrefix("plugin succeeded, but \(message)"))
  }

  @Test("a result for a configuration of an unknown version is an error")
  func unknownVersion() throws {
    let delegate = try delegate(printing: "{}")
    let error = try #require(throws: CNIError.self) { try delegate.add(Self.config("7.0.0")) }
    #expect(error.code == .delegateFailed)
    #expect(error.message.hasPrefix("plugin succeeded, but cniVersion: \"7.0.0\" is not one of "))
  }
}

// MARK: - Failure

extension DelegateTests {
  @Test(
    "the error object of a plugin is thrown as it is, whatever the code and the status are",
    arguments: [1, 7, 11, 99, 100, 999, 4_294_967_295], [1, 255])
  func errorObject(code: Int, status: Int) throws {
    let error = CNIError(CNIError.Code(rawValue: code), "as it is: ä \"x\"", details: "line 1\nline 2")
    for version in [SpecVersion.v0_1_0, .v1_1_0] {
      let delegate = try delegate(printing: String(decoding: error.json(version).text, as: UTF8.self), status: status)
      #expect(try failure(delegate) == error)
    }
  }

  @Test("an error object needs no version and no details, may be spread over lines and may have more members")
  func sparseErrorObject() throws {
    let delegate = try delegate(printing: "\n{ \"code\": 11,\n  \"msg\": \"later\", \"more\": [1] }\n\n", status: 1)
    #expect(try failure(delegate) == CNIError(.tryAgainLater, "later"))
  }

  @Test(
    "a status other than 0 without an error object is told with the beginning of what was printed",
    arguments: [
      "", "nonsense", "{}", "[]", #"{"msg":"x"}"#, #"{"code":7}"#, #"{"code":"7","msg":"x"}"#,
      #"{"code":-1,"msg":"x"}"#, #"{"code":4294967296,"msg":"x"}"#, #"{"code":1.5,"msg":"x"}"#,
      #"{"code":7,"msg":["x"]}"#, #"{"code":7,"msg":"x""#,
    ])
  func speechless(text: String) throws {
    let delegate = try delegate("printf '%s' '\(text)'; exit 3")
    let message = "plugin failed with status 3 and no error object"
    #expect(try failure(delegate) == CNIError(.delegateFailed, message, details: text))
  }

  @Test("of much nonsense little is told, and what is no text does no harm")
  func muchNonsense() throws {
    let error = try failure(try delegate(#"printf '\377%0300d'; exit 3"#))
    #expect(error.details == "\u{fffd}" + String(repeating: "0", count: 199))
  }

  @Test("an error object on stdout does not make a success a failure")
  func successWithErrorObject() throws {
    _ = try delegate(printing: #"{"code":7,"msg":"x"}"#).call(Self.config())
  }

  @Test("a plugin that a signal ends is told with the signal, whatever it has printed")
  func signal() throws {
    let delegate = try delegate(#"echo '{"code":7,"msg":"x"}'; kill -KILL $$"#)
    #expect(try failure(delegate) == CNIError(.delegateFailed, "plugin was ended by signal 9"))
  }

  @Test("a plugin that takes too long is told with the limit, whatever it has printed")
  func timeout() throws {
    let delegate = try delegate(#"echo '{"code":7,"msg":"x"}'; trap '' TERM; sleep 50"#, timeout: 1)
    let expected = CNIError(.delegateFailed, "plugin did not end within 1 s, and was stopped")
    #expect(throws: expected) { try delegate.call(Self.config()) }
  }
}
