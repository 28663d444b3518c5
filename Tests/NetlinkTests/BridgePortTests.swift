// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct BridgePortTests {
  @Test("an interface that is no port of a bridge, or is not there, is none", arguments: ["lo", "no-such-link"])
  func none(name: String) throws {
    let socket = try RouteSocket.open()
    let port = try socket.bridgePort(named: name)
    #expect(port == nil)
  }

  @Test("a port is read with what its bridge does and does not do by it")
  func read() throws {
    let isolated = try #require(BridgePort(Link(try Recording.isolatedPort.reply)))
    #expect(isolated.interface == 4)
    #expect(isolated.isIsolated && isolated.isHairpin)
    let plain = try #require(BridgePort(Link(try Recording.port.reply)))
    #expect(plain.interface == 6)
    #expect(!plain.isIsolated && !plain.isHairpin)
  }

  @Test("what is a port of nothing, or of something else, is none")
  func others() throws {
    for recording in [Recording.veth, .vethHere, .ifb] { #expect(BridgePort(Link(try recording.reply)) == nil) }
    let kind = Array("bridge\0".utf8)
    var bytes = Recording.isolatedPort.bytes
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: kind) })
    bytes.replaceSubrange(start..<start + kind.count, with: Array("bondxx\0".utf8))
    #expect(BridgePort(Link(try #require(NetlinkReply.split(bytes).first))) == nil)
  }

  @Test("what the kernel tells cut short at any byte is a port, or none, but no other one")
  func truncated() throws {
    let whole = try #require(BridgePort(Link(try Recording.isolatedPort.reply)))
    for count in 0...Recording.isolatedPort.bytes.count - 16 {
      guard let port = BridgePort(Link(try Recording.isolatedPort.reply(prefix: count))) else { continue }
      #expect(port.interface == whole.interface)
    }
  }

  @Test("a port is changed as ip asks for it, but for the name of the kind")
  func requests() throws {
    func message(_ flag: BridgePortOptions.Flag, _ value: Bool) -> NetlinkMessage {
      var options = BridgePortOptions()
      options[flag] = value
      return options.message(4)
    }
    let cases: [(message: NetlinkMessage, recording: Recording)] = [
      (message(.isolated, true), .setIsolated), (message(.isolated, false), .setNotIsolated),
      (message(.hairpin, true), .setHairpin),
    ]
    let (info, data) = (Int(IFLA_LINKINFO), Int(IFLA_INFO_SLAVE_DATA))
    for (message, recording) in cases {
      let bytes = message.bytes(sequence: 0)
      #expect(bytes[4..<32] == recording.bytes[4..<32])
      let ours = leaves(bytes[32...], nested: [[info], [info, data]])
      var theirs = leaves(recording.bytes[32...], nested: [[info], [info, data]])
      // The kernel takes either name for a port that it has.
      #expect(theirs.removeValue(forKey: [info, Int(IFLA_INFO_KIND)]) == Array("bridge_slave".utf8))
      theirs[[info, Int(IFLA_INFO_SLAVE_KIND)]] = Array("bridge".utf8)
      #expect(ours == theirs)
    }
  }
}
