// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Testing

@Suite struct NetworkResultTests {
  private static func result(_ text: String) throws -> NetworkResult {
    try NetworkResult(decoding: try Field(text), implied: .v1_0_0)
  }

  private static let dual = """
    {"interfaces": [{"name": "br0"}, {"name": "veth1", "sandbox": ""}, {"name": "eth0", "sandbox": "/run/netns/x"}],
     "ips": [{"address": "192.0.2.1/24", "interface": 0}, {"address": "192.0.2.2/24", "interface": 1},
             {"address": "10.22.0.5/16", "interface": 2}, {"address": "10.22.0.6/16", "interface": 2},
             {"address": "fd00::5/64", "interface": 2}]}
    """

  @Test("interfaces and addresses are read")
  func read() throws {
    let result = try Self.result(Self.dual)
    #expect(try result.interfaces().map(\.name) == ["br0", "veth1", "eth0"])
    #expect(try result.interfaces().map(\.sandbox) == [nil, nil, "/run/netns/x"])
    #expect(try result.addresses().map(\.interface) == [0, 1, 2, 2, 2])
    #expect(try result.addresses().last?.prefix == Prefix("fd00::5/64"))
  }

  @Test("an address is the family's first on the container's interface")
  func addressOfInterface() throws {
    let result = try Self.result(Self.dual)
    #expect(try result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.22.0.5/16"))
    #expect(try result.address(.ip6, ofContainerInterface: "eth0") == Prefix("fd00::5/64"))
  }

  @Test(
    "an interface of that name on the host, or of another name, does not count", arguments: ["br0", "veth1", "eth1"])
  func otherInterface(name: String) throws {
    let result = try Self.result(Self.dual)
    #expect(try result.address(.ip, ofContainerInterface: name) == nil)
    #expect(try result.address(.ip6, ofContainerInterface: name) == nil)
  }

  @Test(
    "an address on no interface in particular counts",
    arguments: ["", #","interface":null"#, #","interface":-1"#, #","interface":9"#])
  func noInterface(member: String) throws {
    let result = try Self.result(#"{"interfaces":[{"name":"br0"}],"ips":[{"address":"10.0.0.2/24"\#(member)}]}"#)
    #expect(try result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("keys are read whatever the case of their letters")
  func caseOfKeys() throws {
    let result = try Self.result(
      #"{"Interfaces":[{"Name":"eth0","Sandbox":"/x"}],"IPs":[{"Address":"10.0.0.2/24","Interface":0}]}"#)
    #expect(try result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("a result without anything is one")
  func empty() throws {
    let result = try Self.result("{}")
    #expect(try result.interfaces().isEmpty)
    #expect(try result.addresses().isEmpty)
    #expect(try result.encoded(.v0_4_0) == (try JSON(#"{"cniVersion":"0.4.0"}"#)))
  }

  @Test("a MAC is set in every entry of the interface in the container, and in no other")
  func settingMAC() throws {
    let result = try Self.result(
      """
      {"interfaces": [{"name": "eth0"}, {"name": "eth0", "sandbox": "", "mac": "1"},
                      {"name": "eth0", "sandbox": "/x", "mac": "2", "mtu": 9}, {"name": "eth1", "sandbox": "/x"},
                      {"name": "ETH0", "sandbox": "/x"}, {"name": "eth0", "sandbox": "/y"}, {"sandbox": "/x"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 2}], "x": {"mac": "3"}}
      """)
    let expected = try JSON(
      """
      {"cniVersion": "1.0.0",
       "interfaces": [{"name": "eth0"}, {"name": "eth0", "sandbox": "", "mac": "1"},
                      {"name": "eth0", "sandbox": "/x", "mtu": 9, "mac": "m"}, {"name": "eth1", "sandbox": "/x"},
                      {"name": "ETH0", "sandbox": "/x"}, {"name": "eth0", "sandbox": "/y", "mac": "m"},
                      {"sandbox": "/x"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 2}], "x": {"mac": "3"}}
      """)
    let changed = try result.settingMAC("m", of: "eth0")
    #expect(try changed.encoded(.v1_0_0) == expected)
    #expect(changed.source == result.source)
    #expect(try changed.settingMAC("m", of: "eth0") == changed)
  }

  @Test("a MAC replaces one in any spelling of its key")
  func settingMACWhateverTheCase() throws {
    let result = try Self.result(
      #"{"INTERFACES":[{"Name":"eth0","SANDBOX":"/x","Mac":"1","MAC":"2","mac":"3"},{"NAME":"eth0","Sandbox":"/x"}]}"#)
    let interfaces = try Field(.object(result.settingMAC("m", of: "eth0").object))["interfaces"].array()
    #expect(
      interfaces?.map(\.value) == [
        .object(JSONObject(["Name": .string("eth0"), "SANDBOX": .string("/x"), "mac": .string("m")])),
        .object(JSONObject(["NAME": .string("eth0"), "Sandbox": .string("/x"), "mac": .string("m")])),
      ])
  }

  @Test(
    "a result without the interface stays as it is",
    arguments: [
      "{}", #"{"interfaces":null}"#, #"{"interfaces":[]}"#, #"{"interfaces":[{"name":"br0","sandbox":"/x"}]}"#,
      #"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}"#,
    ])
  func settingMACNowhere(text: String) throws {
    let result = try Self.result(text)
    #expect(try result.settingMAC("m", of: "eth0") == result)
  }

  @Test("an interface on the host is added at the end, and everything else stays")
  func adding() throws {
    let result = try Self.result(
      """
      {"interfaces": [{"name": "br0", "mtu": 9}, {"name": "eth0", "sandbox": "/x", "mac": "1"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 1}], "x": {"mac": "3"}}
      """)
    let expected = try JSON(
      """
      {"interfaces": [{"name": "br0", "mtu": 9}, {"name": "eth0", "sandbox": "/x", "mac": "1"},
                      {"name": "ifb0", "mac": "m"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 1}], "x": {"mac": "3"}}
      """)
    let changed = try result.adding(hostInterface: "ifb0", mac: "m")
    let members = Field(.object(changed.object))
    for name in ["interfaces", "ips", "x"] { #expect(members[name].value == Field(expected)[name].value) }
    #expect(changed.object.members.count == 3)
    #expect(changed.source == result.source)
    #expect(try changed.interfaces().map(\.sandbox) == [nil, "/x", nil])
    #expect(try changed.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("an interface on the host that is there already keeps its place, and has the address that is told last")
  func addingAgain() throws {
    let result = try Self.result(
      """
      {"interfaces": [{"name": "ifb0", "mac": "1", "sandbox": ""}, {"name": "eth0", "sandbox": "/x"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 1}]}
      """)
    let changed = try result.adding(hostInterface: "ifb0", mac: "m")
    #expect(try changed.interfaces().map(\.name) == ["ifb0", "eth0"])
    let entry = Field(.object(changed.object))["interfaces"]
    #expect(try entry.array()?.first?["mac"].string() == "m")
    #expect(try changed.adding(hostInterface: "ifb0", mac: "m") == changed)
    #expect(try changed.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("an interface of the same name in a container is another one")
  func addingBesideContainers() throws {
    let result = try Self.result(#"{"interfaces": [{"name": "ifb0", "sandbox": "/x", "mac": "1"}]}"#)
    let changed = try result.adding(hostInterface: "ifb0", mac: "m")
    #expect(try changed.interfaces().map(\.name) == ["ifb0", "ifb0"])
    #expect(try changed.interfaces().map(\.sandbox) == ["/x", nil])
  }

  @Test(
    "a result without interfaces has one afterwards, in whatever spelling the list was",
    arguments: ["{}", #"{"interfaces":null}"#, #"{"interfaces":[]}"#, #"{"Interfaces":[]}"#, #"{"INTERFACES":null}"#])
  func addingFirst(text: String) throws {
    let changed = try Self.result(text).adding(hostInterface: "ifb0", mac: "")
    let list = JSON.array([.object(JSONObject(["name": .string("ifb0"), "mac": .string("")]))])
    #expect(changed.object == JSONObject(["interfaces": list]))
  }

  @Test("what was added is in the result of every version that has interfaces", arguments: SpecVersion.allCases)
  func addingEncoded(version: SpecVersion) throws {
    let changed = try Self.result(#"{"interfaces":[{"name":"br0"}]}"#).adding(hostInterface: "ifb0", mac: "m")
    let list = try Field(try changed.encoded(version))["interfaces"].array()
    #expect(try list?.map { try $0["name"].string() } == (version < .v0_3_0 ? nil : ["br0", "ifb0"]))
  }
}
