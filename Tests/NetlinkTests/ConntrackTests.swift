// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Testing

@testable import Netlink

@Suite struct ConntrackTests {
  /// One direction of a flow, as the kernel's messages have it.
  private struct Tuple {
    var source: String
    var destination: String
    var transport: UInt8? = 17
    var sourcePort: UInt16? = 40_000
    var destinationPort: UInt16? = 53
  }

  private static func flow(_ original: Tuple?, _ answer: Tuple?) throws -> TrackedFlow? {
    var message = NetlinkMessage(nfnetlink: 0x0100, family: 2)
    for (tuple, type) in [(original, CTA_TUPLE_ORIG), (answer, CTA_TUPLE_REPLY)] {
      guard let tuple else { continue }
      let source = try #require(IPAddress(tuple.source)), destination = try #require(IPAddress(tuple.destination))
      message.nested(type.rawValue) { message in
        message.nested(CTA_TUPLE_IP.rawValue) {
          let isOld = source.family == .ip
          $0.attribute((isOld ? CTA_IP_V4_SRC : CTA_IP_V6_SRC).rawValue, source.bytes)
          $0.attribute((isOld ? CTA_IP_V4_DST : CTA_IP_V6_DST).rawValue, destination.bytes)
        }
        message.nested(CTA_TUPLE_PROTO.rawValue) {
          if let number = tuple.transport { $0.attribute(CTA_PROTO_NUM.rawValue, number) }
          if let port = tuple.sourcePort { $0.attribute(CTA_PROTO_SRC_PORT.rawValue, port.bigEndian) }
          if let port = tuple.destinationPort { $0.attribute(CTA_PROTO_DST_PORT.rawValue, port.bigEndian) }
        }
      }
    }
    return TrackedFlow(try #require(NetlinkReply.split(message.bytes(sequence: 0)).first))
  }

  private static let original = Tuple(source: "192.0.2.9", destination: "192.0.2.1")
  private static let answer = Tuple(
    source: "10.22.0.5", destination: "192.0.2.9", sourcePort: 5353, destinationPort: 40_000)

  @Test("a flow says where its first packet went, and where it leads")
  func read() throws {
    let flow = try #require(try Self.flow(Self.original, Self.answer))
    #expect(flow.path.transport == 17)
    #expect(flow.path.address.description == "192.0.2.1")
    #expect(flow.path.port == 53)
    #expect(flow.path.destination.description == "10.22.0.5")
    #expect(flow.path.destinationPort == 5353)
  }

  @Test("a flow of IPv6 as well")
  func read6() throws {
    let original = Tuple(source: "2001:db8::9", destination: "2001:db8::1", transport: 132)
    let answer = Tuple(source: "fd00::5", destination: "2001:db8::9", transport: 132, sourcePort: 80)
    let flow = try #require(try Self.flow(original, answer))
    #expect(flow.path.transport == 132)
    #expect(flow.path.address.description == "2001:db8::1")
    #expect(flow.path.destination.description == "fd00::5")
    #expect(flow.path.destinationPort == 80)
  }

  @Test("a message that lacks a part of it is no flow")
  func broken() throws {
    #expect(try Self.flow(nil, Self.answer) == nil)
    #expect(try Self.flow(Self.original, nil) == nil)
    var original = Self.original
    original.transport = nil
    #expect(try Self.flow(original, Self.answer) == nil)
    original = Self.original
    original.destinationPort = nil
    #expect(try Self.flow(original, Self.answer) == nil)
    var answer = Self.answer
    answer.sourcePort = nil
    #expect(try Self.flow(Self.original, answer) == nil)
  }
}
