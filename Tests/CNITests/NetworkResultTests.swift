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
    #expect(result.interfaces.map(\.name) == ["br0", "veth1", "eth0"])
    #expect(result.interfaces.map(\.sandbox) == [nil, nil, "/run/netns/x"])
    #expect(result.ips.map(\.interface) == [0, 1, 2, 2, 2])
    #expect(result.ips.last?.address == Prefix("fd00::5/64"))
  }

  @Test("an address is the family's first on the container's interface")
  func addressOfInterface() throws {
    let result = try Self.result(Self.dual)
    #expect(result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.22.0.5/16"))
    #expect(result.address(.ip6, ofContainerInterface: "eth0") == Prefix("fd00::5/64"))
  }

  @Test(
    "an interface of that name on the host, or of another name, does not count", arguments: ["br0", "veth1", "eth1"])
  func otherInterface(name: String) throws {
    let result = try Self.result(Self.dual)
    #expect(result.address(.ip, ofContainerInterface: name) == nil)
    #expect(result.address(.ip6, ofContainerInterface: name) == nil)
  }

  @Test(
    "an address on no interface in particular counts",
    arguments: ["", #","interface":null"#, #","interface":-1"#, #","interface":9"#])
  func noInterface(member: String) throws {
    let result = try Self.result(#"{"interfaces":[{"name":"br0"}],"ips":[{"address":"10.0.0.2/24"\#(member)}]}"#)
    #expect(result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("keys are read whatever the case of their letters")
  func caseOfKeys() throws {
    let result = try Self.result(
      #"{"Interfaces":[{"Name":"eth0","Sandbox":"/x"}],"IPs":[{"Address":"10.0.0.2/24","Interface":0}]}"#)
    #expect(result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.0.0.2/24"))
  }

  @Test("a result without anything is one")
  func empty() throws {
    let result = try Self.result("{}")
    #expect(result.interfaces.isEmpty)
    #expect(result.ips.isEmpty)
    #expect(result.encoded(.v1_0_0) == (try JSON(#"{"cniVersion":"1.0.0"}"#)))
    #expect(result.encoded(.v0_4_0) == (try JSON(#"{"cniVersion":"0.4.0","dns":{}}"#)))
  }

  @Test("a MAC is set in every entry of the interface in the container, and in no other")
  func settingMAC() throws {
    var result = try Self.result(
      """
      {"interfaces": [{"name": "eth0"}, {"name": "eth0", "sandbox": "", "mac": "1"},
                      {"name": "eth0", "sandbox": "/x", "Mac": "2", "x": 9}, {"name": "eth1", "sandbox": "/x"},
                      {"name": "ETH0", "sandbox": "/x"}, {"name": "eth0", "sandbox": "/y"}, {"sandbox": "/x"}],
       "ips": [{"address": "10.0.0.2/24", "interface": 2}], "x": {"mac": "3"}}
      """)
    result.setMAC(try Self.mac(), ofContainerInterface: "eth0")
    let new = "02:00:00:00:00:01"
    #expect(result.interfaces.map(\.mac) == [nil, "1", new, nil, nil, new, nil])
    #expect(result.interfaces[2].unknown == JSONObject(["x": .integer(9)]))
    #expect(result.unknown == JSONObject(["x": .object(JSONObject(["mac": .string("3")]))]))
  }

  @Test(
    "a result without the interface stays as it is",
    arguments: [
      "{}", #"{"interfaces":null}"#, #"{"interfaces":[]}"#, #"{"interfaces":[{"name":"br0","sandbox":"/x"}]}"#,
      #"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}"#,
    ])
  func settingMACNowhere(text: String) throws {
    var result = try Self.result(text)
    result.setMAC(try Self.mac(), ofContainerInterface: "eth0")
    #expect(result == (try Self.result(text)))
  }

  @Test("an interface on the host is added at the end, so that the indices of the others stay")
  func adding() throws {
    var result = try Self.result(Self.dual)
    result.addHostInterface("ifb0", mac: try Self.mac())
    #expect(result.interfaces.map(\.name) == ["br0", "veth1", "eth0", "ifb0"])
    #expect(result.interfaces.last == NetworkResult.Interface(name: "ifb0", mac: "02:00:00:00:00:01"))
    #expect(result.address(.ip, ofContainerInterface: "eth0") == Prefix("10.22.0.5/16"))
  }

  @Test("an interface on the host that is there already keeps its place, and has the address that is told last")
  func addingAgain() throws {
    var result = try Self.result(#"{"interfaces":[{"name":"ifb0","mac":"1"},{"name":"eth0","sandbox":"/x"}]}"#)
    result.addHostInterface("ifb0", mac: try Self.mac())
    #expect(result.interfaces.map(\.name) == ["ifb0", "eth0"])
    #expect(result.interfaces.map(\.mac) == ["02:00:00:00:00:01", nil])
  }

  @Test("an interface of the same name in a container is another one")
  func addingBesideContainers() throws {
    var result = try Self.result(#"{"interfaces": [{"name": "ifb0", "sandbox": "/x", "mac": "1"}]}"#)
    result.addHostInterface("ifb0", mac: nil)
    #expect(result.interfaces.map(\.sandbox) == ["/x", nil])
    #expect(result.interfaces.map(\.mac) == ["1", nil])
    #expect(result.hostInterfaces.map(\.name) == ["ifb0"])
  }

  @Test("a result that a plugin builds is written as it would be read", arguments: SpecVersion.allCases)
  func built(version: SpecVersion) throws {
    var result = NetworkResult(
      interfaces: [
        NetworkResult.Interface(name: "br0", mac: "02:00:00:00:00:01", mtu: 1400),
        NetworkResult.Interface(name: "eth0", sandbox: "/run/netns/x"),
      ],
      ips: [
        NetworkResult.IPConfig(try #require(Prefix("10.22.0.5/16")), gateway: IPAddress("10.22.0.1"), interface: 1)
      ],
      routes: [NetworkResult.Route(to: try #require(Prefix("0.0.0.0/0")), via: IPAddress("10.22.0.1"))])
    result.routes[0].priority = 5
    result.dns.nameservers = ["10.22.0.1"]
    let read = try NetworkResult(decoding: Field(result.encoded(version)), implied: .v0_1_0)
    var expected = result
    if version < .v1_1_0 { expected.interfaces[0].mtu = nil }
    if version < .v0_3_0 { (expected.interfaces, expected.ips[0].interface) = ([], nil) }
    #expect(read == expected)
  }

  @Test(
    "a known member of another type is an error with its place",
    arguments: [
      (#"{"interfaces":5}"#, "interfaces: expected a list, found 5"),
      (#"{"interfaces":[5]}"#, "interfaces[0]: expected an object, found 5"),
      (#"{"interfaces":[{"mac":5}]}"#, "interfaces[0].mac: expected a string, found 5"),
      (#"{"interfaces":[{"mtu":-5}]}"#, "interfaces[0].mtu: expected a number between 0 and 2147483647, found -5"),
      (#"{"ips":[null]}"#, "ips[0]: expected an address, found nothing"),
      (
        #"{"ips":[{}]}"#,
        "ips[0].address: expected an address with its prefix length, such as 10.1.2.3/24, found nothing"
      ),
      (
        #"{"ips":[{"address":"10.0.0.1/8","gateway":"10"}]}"#,
        "ips[0].gateway: expected an IPv4 or IPv6 address, found \"10\""
      ),
      (
        #"{"routes":[{"dst":"10.0.0.0/33"}]}"#,
        "routes[0].dst: expected a network with its prefix length, such as 10.1.0.0/16, found \"10.0.0.0/33\""
      ),
      (
        #"{"routes":[{"dst":"10.0.0.0/8","scope":256}]}"#,
        "routes[0].scope: expected a number between 0 and 255, found 256"
      ),
      (#"{"dns":{"search":["a",5]}}"#, "dns.search[1]: expected a string, found 5"),
    ])
  func broken(text: String, message: String) throws {
    let error = #expect(throws: FieldError.self) {
      try NetworkResult(decoding: try Field(text), implied: .v1_1_0)
    }
    #expect(error?.description == message)
  }

  private static func mac() throws -> MACAddress { try #require(MACAddress("02:00:00:00:00:01")) }
}
