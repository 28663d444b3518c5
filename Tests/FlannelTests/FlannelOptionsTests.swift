// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@testable import Flannel

@Suite struct FlannelOptionsTests {
  private static func strict(_ members: String) throws -> FlannelOptions {
    try FlannelOptions(try Sample.config(members))
  }

  private static func lenient(_ members: String) throws -> FlannelOptions {
    FlannelOptions(lenient: try Sample.config(members))
  }

  private static func object(_ text: String) throws -> JSONObject? { try Field(text).object() }

  /// Configurations that ADD refuses, with the error.
  static let refused: [(members: String, message: String)] = [
    (#""subnetFile":5"#, "subnetFile: expected a string, found 5"),
    (#""subnetFile":"subnet.env""#, #"subnetFile: expected an absolute path, found "subnet.env""#),
    (#""dataDir":[]"#, "dataDir: expected a string, found a list"),
    (#""dataDir":"flannel""#, #"dataDir: expected an absolute path, found "flannel""#),
    (#""DataDir":"../x""#, #"DataDir: expected an absolute path, found "../x""#),
    (#""delegateTimeout":0"#, "delegateTimeout: expected a number between 1 and 3600, found 0"),
    (#""delegateTimeout":3601"#, "delegateTimeout: expected a number between 1 and 3600, found 3601"),
    (#""delegateTimeout":1.5"#, "delegateTimeout: expected a number between 1 and 3600, found 1.5"),
    (#""delegateTimeout":"90""#, #"delegateTimeout: expected a number between 1 and 3600, found "90""#),
    (#""ipam":"host-local""#, #"ipam: expected an object, found "host-local""#),
    (#""delegate":"bridge""#, #"delegate: expected an object, found "bridge""#),
    (#""delegate":[]"#, "delegate: expected an object, found a list"),
    (#""delegate":{"name":"x"}"#, "delegate.name: must not be there: flannel sets it"),
    (#""delegate":{"ipam":{}}"#, "delegate.ipam: must not be there: flannel sets it"),
    (#""delegate":{"IPAM":{}}"#, "delegate.IPAM: must not be there: flannel sets it"),
    (#""delegate":{"type":5}"#, "delegate.type: expected a string, found 5"),
    (#""delegate":{"type":"../bridge"}"#, #"delegate.type: expected the name of a plugin, found "../bridge""#),
    (#""delegate":{"type":"/bin/bridge"}"#, #"delegate.type: expected the name of a plugin, found "/bin/bridge""#),
    (#""delegate":{"type":"."}"#, #"delegate.type: expected the name of a plugin, found ".""#),
    (#""delegate":{"type":".."}"#, #"delegate.type: expected the name of a plugin, found "..""#),
  ]
}

// MARK: - What is right

extension FlannelOptionsTests {
  @Test(
    "without options, and where null or an empty text stands, the usual ones count",
    arguments: [
      "", #""subnetFile":null,"dataDir":null,"delegateTimeout":null,"ipam":null,"delegate":null"#,
      #""subnetFile":"","dataDir":"","delegate":{}"#,
    ])
  func usual(members: String) throws {
    for options in [try Self.strict(members), try Self.lenient(members)] {
      #expect(options.subnetFile == "/run/flannel/subnet.env")
      #expect(options.dataDirectory == "/var/lib/cni/flannel")
      #expect(options.timeout == 90)
      #expect(options.type == "bridge")
      #expect(options.delegate == JSONObject())
      #expect(options.ipam == JSONObject())
    }
  }

  @Test(
    "every option is read, strictly and leniently the same, whatever the case of its letters",
    arguments: [("subnetFile", "dataDir", "delegateTimeout"), ("SubnetFile", "datadir", "delegatetimeout")])
  func everything(subnetFile: String, dataDir: String, timeout: String) throws {
    let members = """
      "\(subnetFile)":"/a/subnet.env","\(dataDir)":"/b","\(timeout)":7,"ipam":{"type":"x","y":[1]},\
      "delegate":{"type":"macvlan","master":"eth1","mtu":null}
      """
    for options in [try Self.strict(members), try Self.lenient(members)] {
      #expect(options.subnetFile == "/a/subnet.env")
      #expect(options.dataDirectory == "/b")
      #expect(options.timeout == 7)
      #expect(options.type == "macvlan")
      #expect(try options.delegate == Self.object(#"{"type":"macvlan","master":"eth1","mtu":null}"#))
      #expect(try options.ipam == Self.object(#"{"type":"x","y":[1]}"#))
    }
  }

  @Test("the least and the most time that a delegate may take are read", arguments: [1, 3600])
  func timeout(seconds: Int) throws {
    #expect(try Self.strict(#""delegateTimeout":\#(seconds)"#).timeout == seconds)
  }

  @Test("a delegate's name and ipam may stand there as null")
  func absent() throws {
    #expect(try Self.strict(#""delegate":{"name":null,"ipam":null,"type":null}"#).type == "bridge")
  }
}

// MARK: - What is wrong

extension FlannelOptionsTests {
  @Test("what is wrong is refused with its path", arguments: refused.indices)
  func refusal(index: Int) throws {
    let (members, message) = Self.refused[index]
    let error = try #require(throws: FieldError.self) { try Self.strict(members) }
    #expect("\(error)" == message)
  }

  @Test("read leniently, what is wrong is as if it were not there, and the rest counts", arguments: refused.indices)
  func lenience(index: Int) throws {
    let wrong = Self.refused[index].members
    let others = [
      #""subnetFile":"/a""#, #""dataDir":"/b""#, #""delegateTimeout":7"#, #""ipam":{"y":1}"#,
      #""delegate":{"type":"macvlan","master":"eth1"}"#,
    ]
    func name(_ member: String) -> String { member.split(separator: "\"").first.map(String.init)?.lowercased() ?? "" }
    let rest = others.filter { name($0) != name(wrong) }
    let expected = try Self.strict(rest.joined(separator: ","))
    let options = try Self.lenient((rest + [wrong]).joined(separator: ","))
    #expect(options.subnetFile == expected.subnetFile)
    #expect(options.dataDirectory == expected.dataDirectory)
    #expect(options.timeout == expected.timeout)
    #expect(options.ipam == expected.ipam)
    #expect(options.type == expected.type)
    #expect(options.delegate == expected.delegate)
  }

  @Test("read leniently, the right members of a delegate with wrong ones are kept")
  func lenientDelegate() throws {
    let options = try Self.lenient(#""delegate":{"type":"macvlan","Name":"x","ipam":{},"master":"eth1"}"#)
    #expect(options.type == "macvlan")
    #expect(try options.delegate == Self.object(#"{"type":"macvlan","master":"eth1"}"#))
  }

  @Test("read leniently, several wrong options are as none")
  func lenientAll() throws {
    let wrong = #""subnetFile":"a","dataDir":"b","delegateTimeout":"c","ipam":"d","delegate":{"type":"../e"}"#
    let options = try Self.lenient(wrong)
    #expect(options.subnetFile == FlannelOptions.usualSubnetFile)
    #expect(options.dataDirectory == FlannelOptions.usualDataDirectory)
    #expect(options.timeout == 90)
    #expect(options.ipam == JSONObject())
    #expect(options.type == "bridge")
    #expect(options.delegate == JSONObject())
  }
}
