// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CallSupport
import JSON
import Netlink
import Testing

@testable import Tuning

@Suite struct BackupTests {
  /// A backup with everything, and its members.
  private static func whole() -> Backup {
    var backup = Backup()
    backup.link.address = MACAddress("02:00:00:00:00:0A")
    backup.link.mtu = 1500
    backup.link.isPromiscuous = false
    backup.link.receivesAllMulticast = true
    backup.link.transmitQueueLength = 0
    backup.link.alias = "a \"b\" é"
    backup.link.group = .max
    backup.parameters = ["net/ipv4/conf/eth0.100/x": "1\t2", "net/core/y": ""]
    backup.features = ["rx-gro": true, "tx-nocache-copy": false]
    backup.respelled = [RespelledValue(path: "net/core/z", asked: "1001", told: "1004")]
    backup.network = "net"
    return backup
  }

  private static let wholeText = #"""
    {"mac":"02:00:00:00:00:0a","promisc":false,"mtu":1500,"allmulti":true,"txQLen":0,"linkAlias":"a \"b\" é",
     "group":4294967295,"sysctl":{"net/core/y":"","net/ipv4/conf/eth0.100/x":"1\t2"},
     "ethtool":{"rx-gro":true,"tx-nocache-copy":false},"respelled":{"net/core/z":{"asked":"1001","told":"1004"}},"network":"net"}
    """#

  private static func parse(_ text: String) throws -> Backup { Backup(try #require(try Field(text).object())) }

  @Test("a backup is written with all that is in it, and read as the same")
  func roundTrip() throws {
    let backup = Self.whole()
    // Everything that a backup can hold is in it.
    for child in Mirror(reflecting: backup.link).children { #expect("\(child.value)" != "nil") }
    #expect(JSON.object(backup.contents) == (try JSON(Self.wholeText)))
    #expect(Backup(backup.contents) == backup)
    #expect(try Self.parse(Self.wholeText) == backup)
  }

  @Test("what is not kept has no member")
  func empty() throws {
    #expect(Backup().contents == JSONObject())
    #expect(try Self.parse("{}") == Backup())
  }

  @Test("each member of the whole is read without the others")
  func single() throws {
    let whole = Self.whole()
    let members = try #require(try Field(Self.wholeText).object()).members
    #expect(members.count == Mirror(reflecting: whole.link).children.count + 4)
    for member in members {
      let contents = JSONObject([:]).with(member.name, member.value)
      let backup = Backup(contents)
      #expect(backup != Backup())
      #expect(backup.contents == contents)
    }
  }

  @Test(
    "what upstream's plugin left is read",
    arguments: [
      #"{"mac":"0a:58:0a:16:00:05","promisc":false,"mtu":1500,"allmulti":false,"txQLen":1000}"#,
      """
      {
       "mac": "0A:58:0A:16:00:05",
       "promisc": false, "mtu": 1500, "allmulti": false, "txQLen": 1000
      }
      """,
    ])
  func peer(text: String) throws {
    let backup = try Self.parse(text)
    var link = LinkAttributes()
    link.address = MACAddress("0a:58:0a:16:00:05")
    link.isPromiscuous = false
    link.mtu = 1500
    link.receivesAllMulticast = false
    link.transmitQueueLength = 1000
    #expect(backup.link == link)
    #expect(backup.parameters.isEmpty)
    #expect(backup.features.isEmpty)
    #expect(backup.network == nil)
  }

  @Test(
    "a member of a wrong type or value is ignored, and the others are read",
    arguments: [
      #""mac":5"#, #""mac":"""#, #""mac":"02:00""#, #""mac":null"#, #""promisc":"true""#, #""promisc":1"#, #""mtu":0"#,
      #""mtu":-1"#, #""mtu":"1500""#, #""mtu":1.5"#, #""mtu":4294967296"#, #""mtu":18446744073709551616"#,
      #""allmulti":null"#, #""txQLen":-1"#, #""txQLen":true"#, #""linkAlias":5"#, #""group":[]"#, #""sysctl":[]"#,
      #""sysctl":{"net/core/x":5}"#, #""sysctl":"x""#, #""ethtool":{"rx-gro":"on"}"#, #""ethtool":true"#,
      #""network":5"#, #""respelled":{"net/core/z":{"asked":"1"}}"#, #""respelled":[]"#,
      #""unknown":5"#,
    ])
  func wrongMember(member: String) throws {
    #expect(try Self.parse("{\(member)}") == Backup())
    let backup = try Self.parse(#"{"txqlen":7,\#(member)}"#)
    #expect(member.contains("txQLen") || backup.link.transmitQueueLength == 7)
  }

  @Test("of each thing the older value is kept, and what is new is added")
  func keepFirst() throws {
    let whole = Self.whole()
    var other = Backup()
    other.link.address = MACAddress("02:00:00:00:00:0b")
    other.link.mtu = 9000
    other.link.isPromiscuous = true
    other.link.receivesAllMulticast = false
    other.link.transmitQueueLength = 5
    other.link.alias = "other"
    other.link.group = 6
    other.parameters = ["net/core/y": "other"]
    other.features = ["rx-gro": false]
    other.network = "other"

    var newer = other
    newer.keep(first: whole)
    #expect(newer == whole)

    newer = other
    newer.keep(first: Backup())
    #expect(newer == other)

    newer = Backup()
    newer.keep(first: whole)
    #expect(newer == whole)

    var older = other
    older.keep(first: other)
    #expect(older == other)
  }

  @Test("keeping goes attribute by attribute and key by key")
  func keepFirstSingly() throws {
    let whole = Self.whole()
    let members = try #require(try Field(Self.wholeText).object()).members
    for member in members {
      var rest = try #require(try Field(Self.wholeText).object())
      rest[member.name] = nil
      var newer = whole
      newer.keep(first: Backup(rest))
      #expect(newer == whole)
    }
    var newer = try Self.parse(#"{"sysctl":{"a":"2","b":"2"},"ethtool":{"x":false,"y":false}}"#)
    newer.keep(first: try Self.parse(#"{"sysctl":{"a":"1","c":"1"},"ethtool":{"x":true,"z":true}}"#))
    #expect(newer.parameters == ["a": "1", "b": "2", "c": "1"])
    #expect(newer.features == ["x": true, "y": false, "z": true])
    // What is known of the values that are set now is the newest.
    func value(_ path: String, _ asked: String) -> RespelledValue {
      RespelledValue(path: path, asked: asked, told: "t")
    }
    var older = Backup()
    older.respelled = [value("a", "1"), value("b", "1")]
    newer.respelled = [value("b", "2"), value("c", "2")]
    newer.keep(first: older)
    #expect(newer.respelled == [value("a", "1"), value("b", "2"), value("c", "2")])
  }

  @Test("only what is asked for is taken")
  func only() throws {
    let all = Self.whole().link
    #expect(all.only(all) == all)
    #expect(all.only(LinkAttributes()) == LinkAttributes())
    for member in try #require(try Field(Self.wholeText).object()).members {
      let asked = Backup(JSONObject([:]).with(member.name, member.value)).link
      #expect(all.only(asked) == asked)
      #expect(LinkAttributes().only(asked) == LinkAttributes())
    }
  }
}

extension JSONObject {
  /// The same with a member more.
  fileprivate func with(_ name: String, _ value: JSON) -> JSONObject {
    var copy = self
    copy.append(name, value)
    return copy
  }
}
