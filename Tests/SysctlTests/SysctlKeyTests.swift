// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Sysctl
import Testing

@Suite struct SysctlKeyTests {
  private static let parts = ["net", "ipv4", "conf", "eth0.100", "arp_filter"]

  @Test(
    "an interface with a dot in its name is one part in every spelling",
    arguments: [
      "net.ipv4.conf.IFNAME.arp_filter", "net/ipv4/conf/IFNAME/arp_filter", "net.ipv4.conf.eth0/100.arp_filter",
      "net/ipv4/conf/eth0.100/arp_filter", "net.ipv4.conf.eth0.100.arp_filter",
    ])
  func dottedInterface(text: String) throws {
    let key = try #require(SysctlKey(text, interface: "eth0.100"))
    #expect(key.components == Self.parts)
    #expect(key.path == "net/ipv4/conf/eth0.100/arp_filter")
    #expect(key.text == "net.ipv4.conf.eth0/100.arp_filter")
    #expect(key.spellings == ["net.ipv4.conf.eth0/100.arp_filter", "net.ipv4.conf.IFNAME.arp_filter"])
    #expect(key == SysctlKey("net.ipv4.conf.IFNAME.arp_filter", interface: "eth0.100"))
  }

  @Test(
    "an interface with several dots, beside others like it, is one part",
    arguments: [
      ("net.ipv4.conf.a.b.c.x", "a.b.c", ["net", "ipv4", "conf", "a.b.c", "x"]),
      ("net.ipv4.conf.a.b.c.d.x", "a.b.c", ["net", "ipv4", "conf", "a.b.c", "d", "x"]),
      ("net.ipv4.conf.a.a.b.x", "a.b", ["net", "ipv4", "conf", "a", "a.b", "x"]),
      ("net.a.b.a.b.x", "a.b", ["net", "a.b", "a.b", "x"]),
      ("net.ipv4.conf.a.b", "a.b", ["net", "ipv4", "conf", "a.b"]),
      ("net.ipv4.conf.aa.b.x", "a.b", ["net", "ipv4", "conf", "aa", "b", "x"]),
      ("net.ipv4.conf.a.bb.x", "a.b", ["net", "ipv4", "conf", "a", "bb", "x"]),
      // Only the container's interface is known.
      ("net.ipv4.conf.eth0.200.x", "eth0.100", ["net", "ipv4", "conf", "eth0", "200", "x"]),
      ("net.ipv4.conf.eth0.100.x", "eth0", ["net", "ipv4", "conf", "eth0", "100", "x"]),
    ])
  func severalDots(text: String, interface: String, parts: [String]) {
    #expect(SysctlKey(text, interface: interface)?.components == parts)
  }

  @Test(
    "the first separator decides: after a dot slashes stand for dots, after a slash dots are dots",
    arguments: [
      ("net.core.somaxconn", "net/core/somaxconn", "net.core.somaxconn"),
      ("net/core/somaxconn", "net/core/somaxconn", "net.core.somaxconn"),
      ("net.ipv4.conf.a/b/c.x", "net/ipv4/conf/a.b.c/x", "net.ipv4.conf.a/b/c.x"),
      ("net/ipv4/conf/a.b.c/x", "net/ipv4/conf/a.b.c/x", "net.ipv4.conf.a/b/c.x"),
      ("net/ipv4.ip_forward", "net/ipv4.ip_forward", "net.ipv4/ip_forward"),
      ("net.ipv4/ip_forward", "net/ipv4.ip_forward", "net.ipv4/ip_forward"),
      ("net.unix", "net/unix", "net.unix"),
    ])
  func separators(text: String, path: String, usual: String) throws {
    let key = try #require(SysctlKey(text, interface: "eth0"))
    #expect(key.path == path)
    #expect(key.text == usual)
    #expect(key.spellings == [usual])
  }

  @Test(
    "IFNAME is the interface where it is a whole part, and only there",
    arguments: [
      ("net.ipv4.conf.IFNAME.x", "net.ipv4.conf.eth0.x", true),
      ("net/ipv4/conf/IFNAME/x", "net.ipv4.conf.eth0.x", true),
      ("net.ipv4.conf.eth0.x", "net.ipv4.conf.eth0.x", true),
      ("net.IFNAME.conf.IFNAME", "net.eth0.conf.eth0", true),
      ("net.ipv4.conf.IFNAME/100.x", "net.ipv4.conf.IFNAME/100.x", false),
      ("net/ipv4/conf/IFNAME.100/x", "net.ipv4.conf.IFNAME/100.x", false),
      ("net.ipv4.conf.ifname.x", "net.ipv4.conf.ifname.x", false),
      ("net.ipv4.conf.xIFNAME.x", "net.ipv4.conf.xIFNAME.x", false),
      ("net.ipv4.conf.eth00.x", "net.ipv4.conf.eth00.x", false),
    ])
  func placeholder(text: String, usual: String, isMeant: Bool) throws {
    let key = try #require(SysctlKey(text, interface: "eth0"))
    #expect(key.text == usual)
    let general = usual.split(separator: ".").map { $0 == "eth0" ? "IFNAME" : $0 }.joined(separator: ".")
    #expect(key.spellings == (isMeant ? [usual, general] : [usual]))
  }

  @Test(
    "a key that is not one below net is none",
    arguments: [
      "", ".", "/", "net", "net.", "net/", ".net.core.x", "/net/core/x", "/proc/sys/net/core/x", "kernel.panic",
      "kernel/panic", "vm.swappiness", "fs/file-max", "Net.core.x", "NET/core/x", "network.core.x", "net-core", "core",
      "IFNAME", "IFNAME.ipv4.x",
    ])
  func notBelowNet(text: String) {
    #expect(SysctlKey(text, interface: "eth0") == nil)
  }

  @Test(
    "a key with a part that leads elsewhere is none",
    arguments: [
      "net/../kernel/panic", "net/..", "net/core/../../kernel/panic", "net/./core/x", "net/core/.", "../net/core/x",
      "net.//.kernel.panic", "net.core.//.//.kernel.panic", "net./.core.x", "net.core.//", "net.core./",
      "net.ipv4.conf.IFNAME/../all.x", "net.ipv4.conf.a/b/../c.x", "net.ipv4.conf.//.all.x",
    ])
  func leadingElsewhere(text: String) {
    #expect(SysctlKey(text, interface: "eth0") == nil)
  }

  @Test(
    "a key with an empty part is none",
    arguments: ["net..core.x", "net//core/x", "net.core..x", "net/core//x", "net.core.x.", "net/core/x/", "net.."])
  func emptyPart(text: String) {
    #expect(SysctlKey(text, interface: "eth0") == nil)
  }

  @Test(
    "a key with white space, NUL or another control character is none",
    arguments: [" ", "\t", "\n", "\r", "\r\n", "\0", "\u{1}", "\u{1f}"],
    ["net.core#.x", "#net.core.x", "net.core.x#", "net/core#/x", "net/co#re/x"])
  func whiteSpace(character: String, pattern: String) {
    let parts = pattern.split(separator: "#", omittingEmptySubsequences: false)
    #expect(SysctlKey(parts.joined(separator: character), interface: "eth0") == nil)
    #expect(SysctlKey(parts.joined(), interface: "eth0") != nil)
  }

  @Test("a combining character does not hide a separator", arguments: ["net/core/x/\u{301}y", "net.core./\u{301}./x"])
  func combined(text: String) {
    let key = SysctlKey(text, interface: "eth0")
    #expect(key == nil)
  }

  @Test("an interface's name that could lead elsewhere makes no key", arguments: ["", ".", "..", "a/b", "../x", "a b"])
  func badInterface(interface: String) {
    for text in ["net.ipv4.conf.IFNAME.x", "net/ipv4/conf/IFNAME/x"] {
      #expect(SysctlKey(text, interface: interface) == nil)
    }
  }

  @Test(
    "its text and its path are read as the same key, also beside other interfaces",
    arguments: [
      "net.core.somaxconn", "net.ipv4.conf.IFNAME.x", "net.ipv4.conf.a/b.x", "net/ipv4/conf/a.b/x",
      "net.ipv4.neigh.eth0/100.x", "net/ipv4.x", "net.ipv6.conf.all.x",
    ], ["eth0", "eth0.100", "a", "a.b.c"])
  func roundTrip(text: String, interface: String) throws {
    let key = try #require(SysctlKey(text, interface: interface))
    #expect(SysctlKey(key.text, interface: interface) == key)
    #expect(SysctlKey(key.path, interface: interface) == key)
    for spelling in key.spellings { #expect(SysctlKey(spelling, interface: interface) == key) }
    #expect(Sysctl(key).path == "/proc/sys/\(key.path)")
  }
}
