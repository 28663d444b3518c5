// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("tap", .enabled(if: kernelIsThere, "needs privileges")) struct TapTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("tap") }

  @Test("every option is honoured, with and without an owner and a group", arguments: [true, false])
  func options(isOwned: Bool) throws {
    let pod = try LinkScene.Pod()
    let owner = isOwned ? #""owner":4001,"group":4002,"# : ""
    let members = #""multiQueue":true,"mtu":1400,"mac":"02:11:00:00:00:01",\#(owner)"# + scene.dualStack
    let result = try scene.succeed("ADD", pod, members)
    #expect(result.contains("02:11:00:00:00:01") && result.contains("10.40.0.5/24"))
    let link = try #require(try scene.links(pod.namespace).first)
    for words in [
      "eth0: ", "mtu 1400", "link/ether 02:11:00:00:00:01", "tun type tap", "vnet_hdr on", "multi_queue", "persist on",
      ",UP",
    ] {
      #expect(link.contains(words), "\(link)")
    }
    #expect(link.contains("user 4001 group 4002") == isOwned)
    #expect(try pod.namespace.command("ip", "-4", "addr").contains("inet 10.40.0.5/24 brd 10.40.0.255"))
    try scene.succeed("CHECK", pod, members, scene.after(result))
    for _ in 1...2 { try scene.succeed("DEL", pod, members) }
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("without options it is a TAP interface that is up, with the kernel's MAC address")
  func defaults() throws {
    let pod = try LinkScene.Pod()
    let result = try Field(JSON(parsing: Array(scene.succeed("ADD", pod, "").utf8)))
    let mac = try #require(try result["interfaces"].array()?.first?["mac"].string())
    let link = try #require(try scene.links(pod.namespace).first)
    #expect(link.contains("link/ether \(mac)") && link.contains("mtu 1500") && link.contains(",UP"))
    try scene.succeed("DEL", pod, "")
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("the MAC address is that of the configuration, of CNI_ARGS, of args or of runtimeConfig, the later first")
  func addresses() throws {
    let sources = [
      (#""mac":"02:11:00:00:00:01","#, ""), ("", "MAC=02:11:00:00:00:02"),
      (#""args":{"cni":{"mac":"02:11:00:00:00:03"}},"#, ""), (#""runtimeConfig":{"mac":"02:11:00:00:00:04"},"#, ""),
    ]
    for count in 1...sources.count {
      let (pod, given) = (try LinkScene.Pod(), sources.prefix(count))
      let arguments = given.map(\.1).joined()
      let result = try scene.succeed("ADD", pod, given.map(\.0).joined(), .init(environment: ["CNI_ARGS": arguments]))
      #expect(result.contains("02:11:00:00:00:0\(count)"))
      #expect(try scene.links(pod.namespace).first?.contains("link/ether 02:11:00:00:00:0\(count)") == true)
    }
  }

  @Test("a name that the kernel would make another one of is code 4 in ADD, and nothing is made")
  func pattern() throws {
    var pod = try LinkScene.Pod()
    pod.ifName = "tp%d"
    let error = try scene.fail("ADD", pod, "")
    #expect(error.code == 4 && error.message.hasPrefix("CNI_IFNAME: expected 1 to 15 bytes"))
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("a bridge in the container gets it as a port, which CHECK looks for; one that is missing is code 7")
  func bridge() throws {
    let (pod, members) = (try LinkScene.Pod(), #""bridge":"br9","#)
    #expect(try scene.fail("ADD", pod, members) == (7, "bridge: the container has no interface br9"))
    #expect(try scene.links(pod.namespace) == [])
    try pod.namespace.ip("link add br9 type bridge")
    let result = try scene.succeed("ADD", pod, members)
    #expect(try pod.namespace.command("ip", "link", "show", "master", "br9").contains("eth0"))
    try scene.succeed("CHECK", pod, members, scene.after(result))
    try pod.namespace.ip("link set eth0 nomaster")
    #expect(
      try scene.fail("CHECK", pod, members, scene.after(result)) == (102, "eth0: eth0 is no port of the bridge br9"))
    try scene.succeed("DEL", pod, members)
    try pod.namespace.ip("link del br9\nlink add br9 type veth peer name x")
    #expect(try scene.fail("ADD", pod, members) == (7, "bridge: the container's br9 is no bridge"))
  }

  @Test("a name that the container has, also a TAP's, is code 103, and what is there stays")
  func names() throws {
    let pod = try LinkScene.Pod()
    try pod.namespace.command("ip", "tuntap", "add", "eth0", "mode", "tap")
    let before = try scene.links(pod.namespace)
    #expect(try scene.fail("ADD", pod, "") == (103, "CNI_IFNAME: the container has an interface eth0 already"))
    #expect(try scene.links(pod.namespace) == before)
  }

  @Test("an ADD that fails leaves no interface and no reservation")
  func failures() throws {
    let pod = try LinkScene.Pod()
    let route = #","routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}]"#
    #expect(try scene.fail("ADD", pod, scene.oneAddress(route)).message.contains("add the route"))
    #expect(try scene.fail("ADD", pod, #""mtu":65535,"# + scene.oneAddress()).code == 101)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("an ADD that is killed at any system call leaves nothing that DEL does not remove")
  func killed() throws {
    for call in ["sendto", "openat", "write", "setns", "ioctl"] {
      for number in 1...60 {
        let pod = try LinkScene.Pod()
        let kill = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)"]
        let outcome = try scene.call("ADD", pod, scene.oneAddress(), .init(wrapper: kill))
        try scene.succeed("DEL", pod, scene.oneAddress())
        #expect(try scene.traces(of: pod) == [], "killed at \(call) \(number)")
        if outcome.status == 0 { break }
      }
    }
  }

  @Test("an SELinux label is code 50 where SELinux is not enabled, in ADD and STATUS", .disabled(if: hasSELinux))
  func label() throws {
    let members = #""selinuxContext":"system_u:system_r:container_t:s0","#
    let pod = try LinkScene.Pod()
    for verb in ["ADD", "STATUS"] {
      let error = try scene.fail(verb, verb == "ADD" ? pod : nil, members, .init(version: "1.1.0"))
      #expect(error == (50, "selinuxContext: SELinux is not enabled on this host"))
    }
    #expect(try scene.links(pod.namespace) == [])
    try scene.succeed("STATUS", nil, "", .init(version: "1.1.0"))
  }

  private static let hasSELinux = (try? Program("ls").run(["/sys/fs/selinux/enforce"]).status) == 0

  @Test("DEL releases addresses without namespace, interface and valid option; GC those that are not valid")
  func deletion() throws {
    let wrong = #""multiQueue":7,"mtu":"x","mac":1,"owner":"o","group":-1,"selinuxContext":1,"bridge":{},"dns":4,"#
    let ways: [(String, LinkScene.Way)] = [
      ("", .init(namespace: .some(nil))), ("", .init(namespace: .some("/run/netns/none"))), (wrong, .init()),
    ]
    for (more, way) in ways {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, scene.oneAddress())
      try scene.succeed("DEL", pod, more + scene.oneAddress(), way)
      #expect(try scene.reservations() == [])
      if way.namespace == nil { #expect(try scene.links(pod.namespace) == []) }
    }
    try scene.succeed("ADD", try LinkScene.Pod(), scene.oneAddress())
    try scene.succeed("GC", nil, #""cni.dev/valid-attachments":[],"# + scene.oneAddress(), .init(version: "1.1.0"))
    #expect(try scene.reservations() == [])
  }
}
