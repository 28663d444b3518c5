// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Testing

@Suite struct HostLocalTests {
  private let scene: Scene

  init() throws { scene = try Scene() }

  // MARK: - ADD

  @Test("ADD gives the first free address after the last, with the subnet's length and gateway, and routes")
  func add() throws {
    let ipam =
      #""ranges": [[{"subnet": "10.1.0.0/29"}], [{"subnet": "fd00:1::/64"}]], "routes": [{"dst": "0.0.0.0/0"}]"#
    let answer = scene.add("c1", ipam)
    let expected = try JSON(
      """
      {"cniVersion": "1.1.0",
       "ips": [{"address": "10.1.0.2/29", "gateway": "10.1.0.1"}, {"address": "fd00:1::2/64", "gateway": "fd00:1::1"}],
       "routes": [{"dst": "0.0.0.0/0"}]}
      """)
    #expect(answer.json == expected)
    #expect(scene.add("c2", ipam).addresses == ["10.1.0.3/29", "fd00:1::3/64"])
    #expect(try scene.text("10.1.0.2") == "c1\r\neth0")
    #expect(try scene.text("last_reserved_ip.0") == "10.1.0.3")
    #expect(try scene.text("last_reserved_ip.1") == "fd00:1::3")
  }

  @Test("files have upstream's modes: private reservations and cursors, a lock 0750, folders 0755")
  func modes() throws {
    _ = scene.add("c1")
    #expect(try mode("\(scene.folder)/10.1.0.2") == 0o600)
    #expect(try mode("\(scene.folder)/last_reserved_ip.0") == 0o600)
    #expect(try mode("\(scene.folder)/lock") == 0o750)
    #expect(try mode(scene.folder) == 0o755)
    #expect(try mode(scene.dataDirectory) == 0o755)
  }

  @Test("no name of ours reads as an address, and a reservation's file has its contents from the start")
  func names() throws {
    _ = scene.add("c1")
    #expect(try scene.reservations() == ["10.1.0.2"])
    #expect(try scene.names().count == 4)
    let stamp = try #require(try scene.stamps().first)
    #expect(stamp.hasPrefix(".own.7e6ee6019214.") && stamp.hasSuffix(".10.1.0.2"))
    #expect(try scene.text(stamp) == "c1\r\neth0")
  }

  @Test("the result has the layout of each version", arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func versions(version: String) throws {
    let config = scene.config(
      Scene.small + #", "routes": [{"dst": "0.0.0.0/0", "mtu": 1400, "x": 1}]"#, version: version)
    let result = Field(scene.call("ADD", config).json)
    #expect(try result["cniVersion"].string() == version)
    let isOld = version < "0.3.0"
    #expect(try (isOld ? result["ip4"]["ip"] : result["ips"].array()?.first?["address"])?.string() == "10.1.0.2/29")
    let route = try (isOld ? result["ip4"]["routes"] : result["routes"]).array()?.first
    // Upstream keeps attributes in every version, and drops what it does not know.
    #expect(route?.value == .object(JSONObject(["dst": .string("0.0.0.0/0"), "mtu": .integer(1400)])))
    #expect(result["interfaces"].value == nil)
    #expect(result["dns"].isPresent == (version < "1.0.0"))
  }

  @Test("an exhausted set is code 11 and named, what the call took is given back, and no cursor moves")
  func exhausted() throws {
    let ipam = #""ranges": [[{"subnet": "10.2.0.0/24"}], [{"subnet": "10.1.0.0/30"}]]"#
    #expect(scene.add("c1", ipam).addresses == ["10.2.0.2/24", "10.1.0.2/30"])
    let before = try scene.names()
    let answer = scene.add("c2", ipam)
    #expect(answer.code == 11)
    #expect(
      answer.message
        == "failed to allocate for range 1: no IP addresses available in range set: 10.1.0.1-10.1.0.2")
    #expect(try scene.names() == before)
    #expect(try scene.text("last_reserved_ip.0") == "10.2.0.2")
  }

  @Test("a second ADD of an attachment is code 103, of another interface it is none")
  func duplicate() throws {
    _ = scene.add("c1")
    let answer = scene.add("c1")
    #expect(answer.code == 103)
    #expect(answer.message.contains("10.1.0.2 has been allocated to c1, duplicate allocation is not allowed"))
    #expect(scene.call("ADD", scene.config(Scene.small), interface: "eth1").addresses == ["10.1.0.3/29"])
    #expect(try scene.reservations().count == 2)
  }

  @Test("the search goes round from the cursor and passes over what is taken; a freed address comes last")
  func roundRobin() throws {
    for (id, address) in [("a", 2), ("b", 3), ("c", 4)] { #expect(scene.add(id).addresses == ["10.1.0.\(address)/29"]) }
    _ = scene.call("DEL", scene.config(Scene.small), id: "a")
    for (id, address) in [("d", 5), ("e", 6), ("f", 2)] { #expect(scene.add(id).addresses == ["10.1.0.\(address)/29"]) }
    #expect(scene.add("g").code == 11)
  }

  @Test("a cursor with junk, of another set, or that is no file counts as none", arguments: ["", "junk", "192.0.2.1"])
  func badCursor(text: String) throws {
    try scene.write(text, to: "last_reserved_ip.0")
    #expect(scene.add("c1").addresses == ["10.1.0.2/29"])
    #expect(try scene.text("last_reserved_ip.0") == "10.1.0.2")
  }

  @Test("resolvConf is read before anything is reserved")
  func resolvConf() throws {
    let path = "\(scene.temporary.path)/resolv.conf"
    let ipam = Scene.small + #", "resolvConf": "\#(path)""#
    let answer = scene.add("c1", ipam)
    #expect(answer.code == 5)
    #expect(answer.message == "ipam.resolvConf: open \(path): No such file or directory")
    #expect(throws: (any Error).self) { try scene.names() }
    try writeFile("nameserver 192.0.2.1\ndomain a.example\n", to: path)
    let dns = Field(scene.add("c1", ipam).json)["dns"]
    #expect(try dns["nameservers"].strings() == ["192.0.2.1"])
    #expect(try dns["domain"].string() == "a.example")
  }

  // MARK: - Requested addresses

  @Test(
    "an address is asked for in CNI_ARGS, args or runtimeConfig, also with a prefix length that does not count",
    arguments: [
      ("", "IP=10.1.0.5"), ("", "IP=10.1.0.5/16"), (#", "args": {"cni": {"ips": ["10.1.0.5"]}}"#, ""),
      (#", "runtimeConfig": {"ips": ["10.1.0.5/24"]}"#, "IgnoreUnknown=1;X=1"),
      (#", "runtimeConfig": {"ips": ["10.1.0.5"]}"#, "IP=10.1.0.5;K8S_POD_NAME=p;MAC=02:00:00:00:00:01"),
    ])
  func requested(rest: String, arguments: String) throws {
    #expect(scene.add("c1", Scene.small, rest, arguments: arguments).addresses == ["10.1.0.5/29"])
    // Only what is given by itself moves the cursor.
    #expect(scene.add("c2").addresses == ["10.1.0.2/29"])
    let again = scene.add("c3", Scene.small, rest, arguments: arguments)
    #expect(again.code == 11)
    #expect(
      again.message.hasSuffix("requested IP address 10.1.0.5 is not available in range set 10.1.0.1-10.1.0.6"))
  }

  @Test("each set takes the address that lies in it, from all sources together")
  func requestedSets() throws {
    let ipam = #""ranges": [[{"subnet": "10.1.0.0/29"}], [{"subnet": "fd00:1::/64"}]]"#
    let rest = #", "args": {"cni": {"ips": ["fd00:1::77"]}}"#
    #expect(scene.add("c1", ipam, rest, arguments: "IP=10.1.0.6").addresses == ["10.1.0.6/29", "fd00:1::77/64"])
  }

  @Test(
    "an address that cannot be given is code 7, or 4 in CNI_ARGS, names its place, and nothing is reserved",
    arguments: [
      (#"{"ips": ["10.9.0.1"]}"#, "", 7, "runtimeConfig.ips[0]: failed to allocate all requested IPs: 10.9.0.1"),
      (
        #"{"ips": ["10.1.0.2", "10.1.0.3"]}"#, "", 7,
        "runtimeConfig.ips[1]: failed to allocate all requested IPs: 10.1.0.3"
      ),
      (#"{"ips": ["10.1.0.1"]}"#, "", 7, "runtimeConfig.ips[0]: requested ip 10.1.0.1 is subnet's gateway"),
      (#"{"ips": ["10.1.0"]}"#, "", 7, "runtimeConfig.ips[0]: expected an IPv4 or IPv6 address, found \"10.1.0\""),
      (#"{"ips": "10.1.0.1"}"#, "", 7, "runtimeConfig.ips: expected a list"),
      (#"{"ips": [7]}"#, "", 7, "runtimeConfig.ips[0]: expected a string, found 7"),
      ("{}", "IP=10.9.0.1", 4, "CNI_ARGS: IP: failed to allocate all requested IPs: 10.9.0.1"),
      ("{}", "IP=foo", 4, "CNI_ARGS: IP: expected an IPv4 or IPv6 address, found \"foo\""),
      ("{}", "IP=10.1.0.2,10.1.0.3", 4, "CNI_ARGS: IP: expected an IPv4 or IPv6 address"),
      ("{}", "X=1", 4, "CNI_ARGS: expected KEY=value"), ("{}", "ip=10.1.0.2", 4, "CNI_ARGS: expected KEY=value"),
    ])
  func badRequest(runtime: String, arguments: String, code: Int, message: String) throws {
    let answer = scene.add("c1", Scene.small, #", "runtimeConfig": \#(runtime)"#, arguments: arguments)
    #expect(answer.code == code)
    #expect(answer.message.hasPrefix(message), "\(answer.message)")
    #expect(((try? scene.reservations()) ?? []).isEmpty)
  }

  @Test("a requested address that is taken in the second set gives back that of the first")
  func requestedRollback() throws {
    let ipam = #""ranges": [[{"subnet": "10.1.0.0/29"}], [{"subnet": "10.2.0.0/29"}]]"#
    _ = scene.add("c1", ipam, "", arguments: "IP=10.2.0.5")
    let before = try scene.names()
    #expect(scene.add("c2", ipam, "", arguments: "IP=10.2.0.5").code == 11)
    #expect(try scene.names() == before)
  }

  // MARK: - DEL and CHECK

  @Test(
    "DEL needs no valid configuration, no folder and no reservation",
    arguments: [
      "", #""ranges": [],"#, #""ranges": 7,"#, #""ranges": [[{"subnet": "junk"}]],"#, #""routes": {},"#,
    ])
  func delete(members: String) throws {
    let config = scene.config(members + #""x": 1"#)
    #expect(scene.call("DEL", config).status == 0)
    _ = scene.add("c1")
    _ = scene.add("c2")
    #expect(scene.call("DEL", config, arguments: "junk").status == 0)
    #expect(try scene.reservations() == ["10.1.0.3"])
    #expect(try scene.stamps().count == 1)
    #expect(scene.call("DEL", config).status == 0)
  }

  @Test("DEL removes what ID and interface match exactly, else the old files of the ID; never another's")
  func deleteExactly() throws {
    try scene.write("c1", to: "10.1.0.5")
    try scene.write("c1\r\neth0\n", to: "10.1.0.6")
    try scene.write("c1\r\neth1", to: "10.1.0.7")
    try scene.write("c11\r\neth0", to: "10.1.0.8")
    try scene.write("c1", to: "notes")
    let config = scene.config(Scene.small)
    #expect(scene.call("DEL", config).status == 0)
    #expect(try scene.reservations() == ["10.1.0.5", "10.1.0.7", "10.1.0.8"])
    #expect(scene.call("DEL", config).status == 0)
    #expect(try scene.reservations() == ["10.1.0.7", "10.1.0.8"])
    #expect(scene.call("DEL", config).status == 0)
    #expect(try scene.reservations() == ["10.1.0.7", "10.1.0.8"])
  }

  @Test("CHECK goes by owner, and is code 102 without a reservation; it changes nothing")
  func check() throws {
    let config = scene.config(#""x": 1"#)
    #expect(scene.call("CHECK", config).code == 102)
    #expect(throws: (any Error).self) { try scene.names() }
    _ = scene.add("c1")
    let before = try scene.names()
    #expect(scene.call("CHECK", config).status == 0)
    let other = scene.call("CHECK", config, interface: "eth1")
    #expect(other.code == 102)
    #expect(other.message == "net/c1/eth1 has no reserved address in \(scene.folder)")
    #expect(try scene.names() == before)
    try scene.write("c2", to: "10.1.0.6")
    #expect(scene.call("CHECK", config, id: "c2").status == 0)
  }

  // MARK: - GC and STATUS

  private func garbage(_ list: String) -> Answer {
    let config = scene.config(#""x": 1"#, list)
    return scene.call("GC", config)
  }

  @Test("GC removes what the list does not have, goes by file, and reads old ones; absent is not empty")
  func garbage() throws {
    for id in ["c1", "c2"] { _ = scene.add(id) }
    try scene.write("old1", to: "10.1.0.5")
    try scene.write("old2", to: "10.1.0.6")
    try scene.write("gone\r\neth0", to: "fd00::1")
    let before = try scene.names()
    #expect(garbage("").status == 0)
    #expect(try scene.names() == before)
    let valid = [("c1", "eth0"), ("c2", "eth1"), ("old1", "net7")].map {
      #"{"containerID": "\#($0.0)", "ifname": "\#($0.1)"}"#
    }
    #expect(garbage(#", "cni.dev/valid-attachments": [\#(valid.joined(separator: ","))]"#).status == 0)
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.5"])
    #expect(try scene.stamps().count == 1)
    #expect(try scene.text("last_reserved_ip.0") == "10.1.0.3")
  }

  @Test("with an empty list nothing is valid", arguments: ["null", "[]"])
  func emptyList(list: String) throws {
    _ = scene.add("c1")
    try scene.write("", to: "10.1.0.6")
    #expect(garbage(#", "cni.dev/valid-attachments": \#(list)"#).status == 0)
    #expect(try scene.names() == ["last_reserved_ip.0", "lock"])
  }

  @Test("STATUS is code 50 with an exhausted set, which it names, and ready while one address is free")
  func status() throws {
    let config = scene.config(#""ranges": [[{"subnet": "10.2.0.0/24"}], [{"subnet": "10.1.0.0/30"}]]"#)
    #expect(scene.call("STATUS", config).status == 0)
    #expect(throws: (any Error).self) { try scene.names() }
    _ = scene.call("ADD", config)
    let answer = scene.call("STATUS", config)
    #expect(answer.code == 50)
    #expect(
      answer.message
        == "ipam.ranges[1]: range set 1: no IP addresses available in range set: 10.1.0.1-10.1.0.2")
    _ = scene.call("DEL", config)
    #expect(scene.call("STATUS", config).status == 0)
  }

  @Test("STATUS is code 50 with a folder that cannot be made, 7 without ranges, and ready if they come as a capability")
  func statusOfFolder() throws {
    let path = "\(scene.temporary.path)/file"
    try writeFile("x", to: path)
    let bad = #"{"cniVersion": "1.1.0", "name": "net", "type": "x", "ipam": {"dataDir": "\#(path)", \#(Scene.small)}}"#
    #expect(scene.call("STATUS", bad).code == 50)
    #expect(scene.call("ADD", bad).code == 5)
    #expect(scene.call("DEL", bad).status == 0)
    #expect(scene.call("STATUS", scene.config(#""x": 1"#)).code == 7)
    #expect(scene.call("STATUS", scene.config(#""x": 1"#, #", "capabilities": {"ipRanges": true}"#)).status == 0)
  }
}
