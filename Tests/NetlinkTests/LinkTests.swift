// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Testing

/// What any process may read of lo, which every network namespace has.
@Suite struct LinkTests {
  @Test("attributes that name nothing are empty, and those that name anything are not")
  func isEmpty() throws {
    #expect(LinkAttributes().isEmpty)
    let changes: [(inout LinkAttributes) -> Void] = [
      { $0.address = .init(bytes: [2, 0, 0, 0, 0, 1]) }, { $0.mtu = 0 }, { $0.isPromiscuous = false },
      { $0.receivesAllMulticast = false }, { $0.transmitQueueLength = 0 }, { $0.alias = "" }, { $0.group = 0 },
    ]
    #expect(Mirror(reflecting: LinkAttributes()).children.count == changes.count)
    for change in changes {
      var attributes = LinkAttributes()
      change(&attributes)
      #expect(!attributes.isEmpty)
    }
  }

  @Test("an interface is found by its name with all its attributes")
  func found() throws {
    let socket = try NetlinkSocket.open(.route)
    let link = try socket.link(named: "lo")
    #expect(link.index == 1)
    #expect(link.attributes.address?.isUnicast == false)
    #expect(try #require(link.attributes.mtu) > 0)
    for child in Mirror(reflecting: link.attributes).children { #expect("\(child.value)" != "nil") }
  }

  @Test("an interface that is missing is an error with its name", arguments: ["nosuch0", "lo0", "LO"])
  func missing(name: String) throws {
    let socket = try NetlinkSocket.open(.route)
    let error = #expect(throws: NetlinkError.self) { _ = try socket.link(named: name) }
    #expect(error?.action == "look at interface \(name)")
    #expect(error?.description.contains("No such device") == true)
  }
}
