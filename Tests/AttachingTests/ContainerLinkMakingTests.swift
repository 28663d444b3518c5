// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NetNS
import Netlink
import TestSupport
import Testing

@testable import Attaching

@Suite("making an interface upon another", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct ContainerLinkMakingTests {
  private let host: Namespace
  private let container: Namespace
  private let attachment = CNI.Attachment(network: "n", containerID: "c1", interface: "eth0")

  init() throws {
    (host, container) = (try Namespace(), try Namespace())
    try host.ip("link add up0 type veth peer name up1")
  }

  /// Runs `body` with the interface to make, a socket of the host and one of the container.
  private func make(
    _ body: (NewLink, borrowing RouteSocket, borrowing RouteSocket) throws -> Link
  ) throws -> Link {
    let inside = try container.run { try RouteSocket.open() }
    let outside = try host.run { try RouteSocket.open() }
    var link = NewLink("eth0", .macvlan(MacvlanOptions(mode: .bridge)))
    link.parent = try outside.link(named: "up0").index
    return try container.run {
      let namespace = try NetworkNamespace.open(container.path)
      link.namespace = namespace.descriptor
      return try body(link, outside, inside)
    }
  }

  private func names() throws -> [String] {
    try container.command("ip", "-br", "link").split(separator: "\n").compactMap {
      $0.split(separator: "@").first.map(String.init)
    }
    .filter { !$0.hasPrefix("lo") && !$0.hasPrefix("ifb") }
  }

  @Test("it has its name, also where it is renamed for that, and where an unfinished one is left")
  func made() throws {
    let direct = try make { try ContainerLink.make($0, upon: $1, $2, for: attachment) }
    #expect(direct.name == "eth0" && direct.kind == "macvlan")
    try container.ip("link set eth0 name \(ContainerLink.temporaryName(attachment))")
    let renamed = try make { try ContainerLink.makeRenamed($0, upon: $1, $2, for: attachment) }
    #expect(renamed.name == "eth0" && renamed.kind == "macvlan")
    #expect(try names() == ["eth0"])
  }

  @Test("a name that the container has is refused, and nothing is left")
  func taken() throws {
    try container.ip("link add eth0 type bridge")
    let error = #expect(throws: CNIError.self) {
      _ = try make { try ContainerLink.make($0, upon: $1, $2, for: attachment) }
    }
    #expect(error == CNIError(.resourceConflict, "CNI_IFNAME: the container has an interface eth0 already"))
    #expect(throws: NetlinkError.self) {
      _ = try make { try ContainerLink.makeRenamed($0, upon: $1, $2, for: attachment) }
    }
    #expect(try container.command("ip", "-o", "link").split(separator: "\n").filter { $0.contains("@if") }.isEmpty)
  }

  @Test("a kind that the kernel lacks is code 50, for a new interface and asked for without one")
  func unknown() throws {
    let error = #expect(throws: CNIError.self) {
      try container.run { _ = try ContainerLink.make(NewLink("eth0", .other("nosuch")), try RouteSocket.open()) }
    }
    #expect(error?.code == .notAvailable)
    #expect(error?.message.hasSuffix("this kernel has no interfaces of the kind nosuch") == true)
    try container.run {
      #expect(throws: CNIError.self) { try ContainerLink.requireKind(.other("nosuch")) }
      try ContainerLink.requireKind(.macvlan(MacvlanOptions()))
      try ContainerLink.requireKind(.veth(peer: nil))
    }
    #expect(try names() == [])
  }
}
