// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@Suite struct NetworkConfigTests {
  private static func config(_ text: String) throws -> NetworkConfig { try NetworkConfig(try Field(text)) }

  @Test("name and version are read, whatever the case of their keys", arguments: SpecVersion.allCases)
  func read(version: SpecVersion) throws {
    let config = try Self.config(#"{"CNIVersion": "\#(version.rawValue)", "Name": "net", "RuntimeConfig": {"a": 1}}"#)
    #expect(config.version == version)
    #expect(config.name == "net")
    #expect(config.runtimeConfig["a"].value == .integer(1))
  }

  @Test("without a version the oldest is meant", arguments: ["{\"name\":\"n\"}", #"{"name":"n","cniVersion":""}"#])
  func noVersion(text: String) throws {
    #expect(try Self.config(text).version == .implied)
  }

  @Test("a version that this program does not have is code 1 and named", arguments: ["0.5.0", "2.0.0", "1.0", "x"])
  func unknownVersion(text: String) throws {
    let error = try #require(throws: CNIError.self) { try Self.config(#"{"cniVersion":"\#(text)","name":"n"}"#) }
    #expect(error.code == .incompatibleVersion)
    #expect(error.message == "cniVersion: \"\(text)\" is not one of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0")
  }

  @Test(
    "a name or version that is none is code 7 with its path",
    arguments: [
      (#"{"cniVersion":1,"name":"n"}"#, "cniVersion: expected a string, found 1"),
      ("{}", "name: expected the network's name, found nothing"),
      (#"{"name":""}"#, #"name: expected the network's name, found """#),
      (#"{"name":null}"#, "name: expected the network's name, found nothing"),
      (#"{"name":7}"#, "name: expected a string, found 7"),
      (#"{"name":"../x"}"#, "name: expected \(identifierRule), found \"../x\""),
      (#"{"name":"a b"}"#, "name: expected \(identifierRule), found \"a b\""),
    ])
  func invalid(text: String, message: String) {
    #expect(throws: CNIError(.invalidConfiguration, message)) { try Self.config(text) }
  }

  @Test("stdin that is no JSON object is code 6", arguments: ["", "{", "[]", "null", "1", #""x""#])
  func undecodable(text: String) throws {
    let error = try #require(throws: CNIError.self) { try NetworkConfig.document(parsing: Array(text.utf8)) }
    #expect(error.code == .cannotDecode)
    #expect(error.message.hasPrefix("stdin: expected the configuration "))
  }

  @Test("a previous result is read in its own version, else in the configuration's")
  func previousResult() throws {
    let ip4 = #""ip4": {"ip": "10.0.0.2/24"}"#
    let own = try Self.config(#"{"name":"n","cniVersion":"1.0.0","prevResult":{"cniVersion":"0.2.0",\#(ip4)}}"#)
    let implied = try Self.config(#"{"name":"n","cniVersion":"0.2.0","PrevResult":{\#(ip4)}}"#)
    for config in [own, implied] {
      let result = try #require(try config.previousResult())
      #expect(result.ips.map(\.address.description) == ["10.0.0.2/24"])
    }
  }

  @Test("a previous result that is missing or null is none", arguments: ["", #","prevResult":null"#])
  func noPreviousResult(member: String) throws {
    #expect(try Self.config(#"{"name":"n"\#(member)}"#).previousResult() == nil)
  }

  @Test(
    "a previous result that cannot be read is code 7 with the path of the field",
    arguments: [
      ("7", "prevResult: expected an object, found 7"),
      (#"{"cniVersion":"9.9.9"}"#, "prevResult.cniVersion: expected one of"),
      (#"{"ips":{}}"#, "prevResult.ips: expected a list, found an object"),
      (#"{"ips":[{"address":"10.0.0.2"}]}"#, "prevResult.ips[0].address: expected an address with its prefix length"),
      (#"{"ips":[{"address":"10.0.0.2/24","interface":"0"}]}"#, "prevResult.ips[0].interface: expected a number"),
      (#"{"interfaces":[{"name":5}]}"#, "prevResult.interfaces[0].name: expected a string, found 5"),
      (#"{"interfaces":[{"sandbox":true}]}"#, "prevResult.interfaces[0].sandbox: expected a string, found true"),
    ])
  func brokenPreviousResult(result: String, message: String) throws {
    let config = try Self.config(#"{"name":"n","cniVersion":"1.0.0","prevResult":\#(result)}"#)
    let error = try #require(throws: CNIError.self) { try config.previousResult() }
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.hasPrefix(message))
  }

  @Test("names must be unique at any depth where that is asked for; twice the same is code 7")
  func uniqueNames() throws {
    for (text, isUnique) in [
      (#"{"name":"n","sysctl":{"a":"1","A":"1"}}"#, true), (#"{"name":"n","sysctl":{"a":"1","a":"2"}}"#, false),
      (#"{"name":"n","args":{"cni":{"sysctl":{"a":"1","a":"1"}}}}"#, false), (#"{"name":"n","name":"n"}"#, false),
    ] {
      let config = try NetworkConfig(try Field(text), text: Array(text.utf8))
      if isUnique {
        #expect(throws: Never.self) { try config.requireUniqueNames() }
      } else {
        let error = try #require(throws: CNIError.self) { try config.requireUniqueNames() }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.hasPrefix("stdin: line 1, column "))
      }
    }
  }
}
