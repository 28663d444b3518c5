// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import NetNS
import Netlink
import Skel
import TestSupport
import Testing

@testable import Attaching

@Suite("the host's end of a veth that is ours", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct HostVethTests {
  private let host: Namespace
  private let container: Namespace

  init() throws { (host, container) = (try Namespace(), try Namespace()) }

  private func request(_ id: String = "c1", _ interface: String = "eth0", namespace: String? = nil) throws -> Request {
    let config = try NetworkConfig(NetworkConfig.document(parsing: Array(#"{"cniVersion":"1.0.0","name":"n"}"#.utf8)))
    let attachment = CNI.Attachment(network: "n", containerID: id, interface: interface)
    return Request(config: config, attachment: attachment, namespace: namespace)
  }

  @discardableResult
  private func make(_ request: Request, mac: MACAddress? = nil, mtu: UInt32? = nil) throws -> HostVeth {
    try host.run {
      let namespace = try NetworkNamespace.open(container.path)
      let routes = try RouteSocket.open()
      return try allOrNothing { (rollback) throws(CNIError) in
        try HostVeth.make(
          request.attachment, in: namespace.descriptor, mac: mac, mtu: mtu, routes, undoneBy: &rollback)
      }
    }
  }

  private func finish(_ veth: HostVeth, _ request: Request) throws {
    try host.ip("link set \(veth.name) up alias \(AttachmentTag(request.attachment).text)")
  }

  private func remove(_ request: Request) throws {
    try host.run { try HostVeth.remove(request, try RouteSocket.open()) }
  }

  private func hostEnds() throws -> Int {
    try host.command("ip", "-o", "link", "show", "type", "veth").split(separator: "\n").count
  }

  @Test("each end is made in its namespace, under its name and with its MAC and MTU")
  func made() throws {
    let mac = try #require(MACAddress("02:11:22:33:44:55"))
    let veth = try make(request(), mac: mac, mtu: 1400)
    let own = try host.command("ip", "-o", "link", "show", veth.name)
    #expect(own.contains("mtu 1400") && own.contains("\(veth.mac)"))
    let other = try container.command("ip", "-o", "link", "show", "eth0")
    #expect(other.contains("mtu 1400") && other.contains("02:11:22:33:44:55"))
    #expect(other.hasPrefix("\(veth.container.index): eth0@"))
    // NET_ADDR_SET: udev does not change an address that was set.
    let assigned = try host.run { try Program("cat").run(["/sys/class/net/\(veth.name)/addr_assign_type"]).outputText }
    #expect(assigned.isEmpty || assigned == "3\n")
  }

  @Test("a second one for the interface is code 103, and changes nothing")
  func twice() throws {
    try finish(try make(request()), try request())
    let before = try host.command("ip", "-o", "link")
    let error = #expect(throws: CNIError.self) { try make(request()) }
    #expect(error?.code == .resourceConflict)
    #expect(error?.message == "CNI_IFNAME: the container has an interface eth0 already")
    #expect(try host.command("ip", "-o", "link") == before)
  }

  @Test("an ADD that fails takes the veth back that it has made, and no other of the attachment")
  func undone() throws {
    let (other, attachment) = (try Namespace(), try request().attachment)
    try finish(try make(request()), try request())
    let before = try host.command("ip", "-o", "link")
    #expect(throws: CNIError(.kernelRefused, "later")) {
      try host.run {
        let namespace = try NetworkNamespace.open(other.path)
        let routes = try RouteSocket.open()
        try allOrNothing { (rollback) throws(CNIError) in
          let made = try HostVeth.make(
            attachment, in: namespace.descriptor, mac: nil, mtu: nil, routes, undoneBy: &rollback)
          guard RouteSocket.linkIndex(named: made.name) == made.index else { return }
          throw CNIError(.kernelRefused, "later")
        }
      }
    }
    #expect(try host.command("ip", "-o", "link") == before)
  }

  @Test("the container's addresses are known by either end, also of an interface that it has renamed")
  func addresses() throws {
    func addresses(_ request: Request) throws -> [String] {
      try host.run { try HostVeth.addresses(of: request, try RouteSocket.open()) }.map { "\($0)" }
    }
    try finish(try make(request()), try request())
    try container.ip(
      """
      link set eth0 name net0
      addr add 10.22.0.5/16 dev net0
      addr add fd00:22::5/64 dev net0 nodad
      link add eth0 type veth peer name other
      addr add 10.22.0.6/16 dev eth0
      """)
    #expect(try addresses(request()) == ["10.22.0.5/16", "fd00:22::5/64"])
    // Of upstream's veths only the end in the container is known.
    try host.ip("link add veth12345678 type veth peer name eth1 netns \(container.path)")
    try container.ip("addr add 10.23.0.5/16 dev eth1")
    #expect(try addresses(request("c2", "eth1", namespace: container.path)) == ["10.23.0.5/16"])
    #expect(try addresses(request("c2", "eth1")) == [])
    #expect(try addresses(request("c2", "eth9", namespace: container.path)) == [])
  }

  @Test("a name that another interface has is left, and the next one is taken")
  func takenName() throws {
    let names = Array(HostVeth.names(try request().attachment))
    try host.ip("link add \(names[0]) type bridge")
    #expect(try make(request()).name == names[1])
    #expect(Set(names).count == 8 && names.allSatisfy { $0.utf8.count == 12 })
  }

  @Test("it is removed without the namespace, also when the container has renamed its interface")
  func removedWithoutNamespace() throws {
    try finish(try make(request()), try request())
    try container.ip("link set eth0 name net0")
    try remove(request())
    #expect(try hostEnds() == 0)
    try remove(request())
  }

  @Test("one whose ADD was killed before it got its alias is removed")
  func unfinished() throws {
    try make(request())
    try remove(request())
    #expect(try hostEnds() == 0)
  }

  @Test("an interface of its name that is another's is not removed")
  func foreign() throws {
    let name = try #require(Array(HostVeth.names(try request().attachment)).first)
    try host.ip("link add \(name) type veth peer name other\nlink set \(name) up alias n/c9/eth0")
    try remove(request())
    #expect(try hostEnds() == 2)
  }

  @Test("it is removed by any of its names, also when an earlier one has become free")
  func laterName() throws {
    let names = Array(HostVeth.names(try request().attachment))
    try host.ip("link add \(names[0]) type bridge\nlink add \(names[1]) type bridge")
    let veth = try make(request())
    #expect(veth.name == names[2])
    try finish(veth, try request())
    try host.ip("link del \(names[0])")
    try remove(request())
    #expect(try hostEnds() == 0)
  }

  @Test("it is removed though somebody has given it another alias")
  func otherAlias() throws {
    let veth = try make(request())
    try finish(veth, try request())
    try host.ip("link set \(veth.name) alias monitored-by-foo")
    try remove(request())
    #expect(try hostEnds() == 0)
  }

  @Test("one of upstream's that has its name by chance is not removed")
  func upstreamsName() throws {
    let name = try #require(Array(HostVeth.names(try request().attachment)).first)
    try host.ip("link add \(name) type veth peer name other\nlink set \(name) up")
    try remove(request())
    #expect(try hostEnds() == 2)
  }

  @Test("an interface of the container whose other end is another attachment's is not removed")
  func othersInterface() throws {
    try host.ip("link add veth12345678 type veth peer name eth0 netns \(container.path)")
    try host.ip("link set veth12345678 alias other/c1/eth0")
    try remove(request(namespace: container.path))
    #expect(try hostEnds() == 1)
    let attachment = try request().attachment
    let (isAnothers, isNone) = host.run {
      (HostVeth.isAnothers("veth12345678", than: attachment), !HostVeth.isAnothers("none", than: attachment))
    }
    #expect(isAnothers && isNone)
  }

  @Test("a veth that upstream made is removed by the container's interface")
  func upstreams() throws {
    try host.ip("link add veth12345678 type veth peer name eth0 netns \(container.path)")
    try remove(request(namespace: container.path))
    #expect(try hostEnds() == 0)
    for gone in [container.path, "/run/netns/none", "/etc/hostname"] { try remove(request(namespace: gone)) }
  }

  @Test("garbage is what has the alias of an attachment of the network that is not valid")
  func garbage() throws {
    for (id, interface) in [("c1", "eth0"), ("c1", "eth1"), ("c2", "eth2")] {
      let request = try request(id, interface)
      try finish(try make(request), request)
    }
    try host.ip("link add v0 type veth peer name v1\nlink set v0 alias other/c1/eth0")
    try container.ip("addr add 10.22.0.5/16 dev eth0\naddr add 10.22.0.6/16 dev eth1\naddr add 10.22.0.7/16 dev eth2")
    let valid: Set = [AttachmentID(containerID: "c1", interface: "eth1")]
    let removed = try host.run { try HostVeth.removeAll(ofNetwork: "n", sparing: valid, try RouteSocket.open()) }
    // The other container has no interface that stays.
    #expect(removed.map(\.attachment) == [try request().attachment])
    #expect(removed.flatMap(\.addresses).map { "\($0)" } == ["10.22.0.5/16"])
    let left = try host.command("ip", "-o", "link")
    #expect(left.contains("alias n/c1/eth1") && left.contains("alias other/c1/eth0"))
    #expect(!left.contains("n/c1/eth0") && !left.contains("n/c2/eth2"))
  }

  @Test("the parameter of router advertisements is set, and no error where there is none")
  func routerAdvertisements() throws {
    let veth = try make(request())
    try host.run { try HostVeth.refuseRouterAdvertisements(on: veth.name) }
    #expect(try host.sysctl("net/ipv6/conf/\(veth.name)/accept_ra") == "0")
    try host.run { try HostVeth.refuseRouterAdvertisements(on: "none") }
  }
}
