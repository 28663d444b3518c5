// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Testing

@testable import Netlink

/// What any process may ask, and what is refused; what is made is tested with the kernel.
@Suite struct LinkMakingTests {
  @Test("to bring an interface up is asked for as ip asks for it")
  func up() throws {
    let up = UInt32(IFF_UP)
    let message = NetlinkMessage(link: 16, 4, index: 1, linkFlags: (up, up))
    #expect(message.bytes(sequence: 0) == Recording.up.bytes)
  }

  @Test("only interfaces of the kind are listed, and none of a kind that is unknown")
  func ofKind() throws {
    let socket = try RouteSocket.open()
    for kind in ["ifb", "veth", "bridge", "nosuchkind"] {
      let links = try socket.links(ofKind: kind)
      #expect(links.allSatisfy { $0.kind == kind && !$0.name.isEmpty && $0.index > 0 })
      if kind == "nosuchkind" { #expect(links.isEmpty) }
    }
  }

  @Test("what is no network namespace has no number", arguments: ["/", "/dev/null", "/proc/self/ns/mnt"])
  func noNamespace(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.netnsID(of: descriptor) }
    #expect(error?.action == "read the ID of a network namespace")
    #expect(error?.number == EINVAL)
  }

  @Test("a descriptor that is not open has no number", arguments: [-1, 1_000_000] as [Int32])
  func badDescriptor(descriptor: Int32) throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { _ = try socket.netnsID(of: descriptor) }
    #expect(error?.action == "read the ID of a network namespace")
  }

  @Test("a namespace has no number for itself that is negative")
  func ownNumber() throws {
    let descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let socket = try RouteSocket.open()
    let number = try socket.netnsID(of: descriptor)
    #expect(number ?? 0 >= 0)
  }

  @Test("a name or kind that no interface can have is an error with both")
  func badName() throws {
    let socket = try RouteSocket.open()
    for (name, kind) in [("sixteen-is-too-lo", "ifb"), ("a/b", "ifb"), ("nosuch0", "nosuchkind")] {
      let error = #expect(throws: NetlinkError.self) { try socket.add(NewLink(name, .other(kind))) }
      if error?.number != EPERM { #expect(error?.action == "make the interface \(name) (\(kind))") }
    }
  }

  @Test("an interface that has the name already is not made again")
  func existing() throws {
    let socket = try RouteSocket.open()
    try ifPrivileged { () throws(NetlinkError) in
      let isMade = try socket.add(NewLink("lo", .ifb))
      #expect(!isMade)
    }
  }

  @Test("to bring up an interface that is missing is an error with its index")
  func bringUpMissing() throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) { try socket.bringUp(missingInterface) }
    expectNoDevice(error, "bring the interface with index \(missingInterface) up")
  }

  @Test("to remove an interface that is missing is no error")
  func removeMissing() throws {
    let socket = try RouteSocket.open()
    try ifPrivileged { () throws(NetlinkError) in try socket.removeLink(missingInterface) }
  }
}

/// The index of no interface.
let missingInterface: UInt32 = 0x7fff_fffe

/// Runs what the kernel refuses to a process without privileges, which then is all that there is to see.
func ifPrivileged(_ body: () throws(NetlinkError) -> Void) throws {
  do throws(NetlinkError) {
    try body()
  } catch {
    if error.number != EPERM { throw error }
  }
}

/// Expects that the kernel has no such interface, or did not look without privileges.
func expectNoDevice(_ error: NetlinkError?, _ action: String, sourceLocation: SourceLocation = #_sourceLocation) {
  if error?.number == EPERM { return }
  #expect(error?.number == ENODEV, sourceLocation: sourceLocation)
  #expect(error?.action == action, sourceLocation: sourceLocation)
}
