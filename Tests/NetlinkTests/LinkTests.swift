// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import Testing

@testable import Netlink

/// What any process may read of lo, which every network namespace has, and what was recorded.
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
    let socket = try RouteSocket.open()
    let link = try socket.link(named: "lo")
    #expect(link.index == 1)
    #expect(link.name == "lo")
    #expect(link.kind.isEmpty)
    #expect(link.peer == nil)
    #expect(link.attributes.address?.isUnicast == false)
    #expect(try #require(link.attributes.mtu) > 0)
    for child in Mirror(reflecting: link.attributes).children { #expect("\(child.value)" != "nil") }
  }

  @Test("an interface that is missing is an error with its name", arguments: ["nosuch0", "lo0", "LO"])
  func missing(name: String) throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.link(named: name) }
    #expect(error?.action == "look at interface \(name)")
    #expect(error?.description.contains("No such device") == true)
  }

  @Test("an interface is the same by its index as by its name")
  func byIndex() throws {
    let socket = try RouteSocket.open()
    let byName = try socket.link(named: "lo")
    let byIndex = try socket.link(1)
    #expect(byIndex == byName)
    let ifAny = try socket.linkIfAny(named: "lo")
    #expect(ifAny == byName)
  }

  @Test("the first interface is lo, and one that is missing is an error with its number")
  func linkName() throws {
    let socket = try RouteSocket.open()
    let name = try socket.linkName(1)
    #expect(name == "lo")
    let error = #expect(throws: NetlinkError.self) { _ = try socket.linkName(.max) }
    #expect(error?.action == "find the name of interface 4294967295")
  }

  @Test("an index that no interface has is an error with it")
  func missingIndex() throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.link(missingInterface) }
    #expect(error?.action == "look at the interface with index \(missingInterface)")
    #expect(error?.number == ENODEV)
  }

  @Test("an interface that may be missing is none", arguments: ["nosuch0", "lo0", "LO"])
  func none(name: String) throws {
    let socket = try RouteSocket.open()
    let link = try socket.linkIfAny(named: name)
    #expect(link == nil)
  }
}

// MARK: - As the kernel tells them

extension LinkTests {
  @Test("the end of a veth names the other one, with its namespace if that is another")
  func veth() throws {
    let link = Link(try Recording.veth.reply)
    #expect(link.index == 4)
    #expect(link.name == "v0")
    #expect(link.kind == "veth")
    #expect(!link.isUp)
    #expect(link.peer == Link.Reference(index: 3, netnsID: 0))
    let here = Link(try Recording.vethHere.reply)
    #expect(here.kind == "veth")
    #expect(here.isUp)
    #expect(here.peer == Link.Reference(index: 2, netnsID: nil))
  }

  @Test("an IFB has its alias and no other end")
  func ifb() throws {
    let link = Link(try Recording.ifb.reply)
    #expect(link.index == 4)
    #expect(link.name == "i0")
    #expect(link.kind == "ifb")
    #expect(link.isUp)
    #expect(link.peer == nil)
    #expect(link.master == nil)
    #expect(link.attributes.alias == "net/id/eth0 v0")
    #expect(link.attributes.mtu == 1500)
    #expect(link.attributes.transmitQueueLength == 32)
    #expect(link.attributes.address == MACAddress("e6:f3:76:01:d6:cf"))
    #expect(link.attributes.isPromiscuous == false)
  }

  @Test("the port of a bridge names the bridge, and other interfaces none")
  func master() throws {
    for recording in [Recording.isolatedPort, .port] { #expect(Link(try recording.reply).master == 2) }
    for recording in [Recording.veth, .vethHere, .ifb] { #expect(Link(try recording.reply).master == nil) }
    #expect(Link(try Recording.port.reply).peer == Link.Reference(index: 5, netnsID: nil))
  }

  @Test("what the kernel tells cut short at any byte is read as far as it goes")
  func truncated() throws {
    for recording in [Recording.veth, .vethHere, .ifb, .port] {
      let whole = Link(try recording.reply)
      for count in 0...recording.bytes.count - 16 {
        let link = Link(try recording.reply(prefix: count))
        #expect(link.index == (count < 8 ? 0 : whole.index))
        #expect(link.isUp == (count < 12 ? false : whole.isUp))
        #expect(["", whole.name].contains(link.name))
        #expect(["", whole.kind].contains(link.kind))
        #expect(link.peer == nil || link.peer?.index == whole.peer?.index)
        #expect(link.master == nil || link.master == whole.master)
      }
    }
  }
}
