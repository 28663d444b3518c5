// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("host-device", .enabled(if: kernelIsThere, "needs privileges")) struct HostDeviceTests {
  private let scene: LinkScene

  init() throws {
    scene = try LinkScene("host-device")
    // The node's devices: dev0 is on the network of the other host.
    try scene.node.ip("link set up0 down\nlink set up0 name nic0\nlink set nic0 up")
  }

  private func members(_ more: String = "") -> String { #""device":"nic0","# + more + scene.oneAddress() }

  /// The node's line of a device; empty if the node does not have it.
  private func onNode(_ name: String = "nic0") throws -> String {
    try scene.links(scene.node).first { $0.contains(" \(name)@") } ?? ""
  }

  @Test("the device is in the container with addresses, alias and packets, and DEL gives it back down, without alias")
  func addAndDelete() throws {
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, members())
    #expect(result.contains("02:00:00:00:00:01") && result.contains(#""name": "eth0""#))
    let link = try #require(try scene.links(pod.namespace).first)
    #expect(link.contains(" eth0@") && link.contains("alias nic0"))
    #expect(try onNode().isEmpty)
    #expect(try scene.pings(from: pod.namespace, to: "10.40.0.1"))
    try scene.succeed("CHECK", pod, members(), scene.after(result))
    for _ in 1...2 { try scene.succeed("DEL", pod, members()) }
    #expect(try onNode().contains("state DOWN") && !onNode().contains("alias"))
    #expect(try scene.links(pod.namespace) == [] && scene.reservations() == [])
  }

  @Test("hwaddr selects the device by its MAC address, in any case")
  func mac() throws {
    let pod = try LinkScene.Pod()
    let members = #""hwaddr":"02:00:00:00:00:01","# + scene.oneAddress()
    try scene.succeed("ADD", pod, members)
    #expect(try scene.links(pod.namespace).first?.contains("alias nic0") == true)
    // The container has given it another name.
    try pod.namespace.ip("link set eth0 down\nlink set eth0 name lan5")
    try scene.succeed("DEL", pod, members)
    #expect(try !onNode().isEmpty)
  }

  @Test("DEL finds a device that the container has renamed, and leaves interfaces that are no device of the host")
  func renamed() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    try pod.namespace.ip("link set eth0 down\nlink set eth0 name lan5\nlink add eth0 type bridge")
    try scene.succeed("DEL", pod, members())
    #expect(try !onNode().isEmpty)
    #expect(try scene.links(pod.namespace).count == 1)
    try scene.succeed("DEL", pod, members())
    #expect(try scene.links(pod.namespace).count == 1)
  }

  @Test("DEL releases addresses without namespace, device and valid option")
  func deletion() throws {
    let ways: [(String, LinkScene.Way)] = [
      (members(), .init(namespace: .some(nil))), (members(), .init(namespace: .some("/run/netns/none"))),
      (members(), .init(namespace: .some("/etc/hostname"))), (#""device":7,"dns":4,"# + scene.oneAddress(), .init()),
      (scene.oneAddress(), .init()), (#""pciBusID":"0000:ff:1f.7","# + scene.oneAddress(), .init()),
    ]
    for (members, way) in ways {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, self.members())
      for _ in 1...2 { try scene.succeed("DEL", pod, members, way) }
      #expect(try scene.reservations() == [])
      if way.namespace != nil { try scene.succeed("DEL", pod, self.members()) }
      #expect(try !onNode().isEmpty)
    }
  }

  @Test(
    "a device that the kernel has moved to the host under its name in the container gets its name again",
    arguments: ["DEL", "ADD"])
  func returned(verb: String) throws {
    let pod = try LinkScene.Pod()
    // The namespace of a container has ended with the device in it.
    try scene.node.ip("link set nic0 down\nlink set nic0 name eth0\nlink set eth0 alias nic0")
    try scene.succeed(verb, pod, members())
    if verb == "DEL" {
      #expect(try !onNode().isEmpty && !onNode().contains("alias"))
    } else {
      #expect(try scene.links(pod.namespace).first?.contains("alias nic0") == true)
      try scene.succeed("DEL", pod, members())
      #expect(try !onNode().isEmpty)
    }
  }

  @Test("an ADD that fails gives the device back as it was, with its addresses and its alias, up")
  func failures() throws {
    try scene.node.ip("link set nic0 alias uplink\naddr add 10.77.0.2/24 dev nic0")
    let before = try scene.node.command("ip", "-4", "addr", "show", "nic0")
    let pod = try LinkScene.Pod()
    let route = #","routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}]"#
    #expect(
      try scene.fail("ADD", pod, #""device":"nic0","# + scene.oneAddress(route)).message.contains("add the route"))
    #expect(try scene.links(pod.namespace) == [] && scene.reservations() == [])
    #expect(try scene.node.command("ip", "-4", "addr", "show", "nic0") == before)
    #expect(try onNode().contains("alias uplink"))
  }

  @Test("a name that the container has is code 103, a device that the host lacks code 7, and nothing changes")
  func refusals() throws {
    let pod = try LinkScene.Pod()
    try pod.namespace.ip("link add eth0 type bridge")
    #expect(try scene.fail("ADD", pod, members()) == (103, "CNI_IFNAME: the container has an interface eth0 already"))
    let missing = try scene.fail("ADD", try LinkScene.Pod(), #""device":"nope","# + scene.oneAddress())
    #expect(missing == (7, "device (nope): this host has no interface of this device"))
    #expect(try !onNode().isEmpty && scene.reservations() == [])
  }

  @Test("a name that the host has given away is code 103 in DEL, and the device stays findable")
  func taken() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    try scene.node.ip("link add nic0 type bridge")
    let error = try scene.fail("DEL", pod, members())
    #expect(error == (103, "eth0 cannot go back to the host, which has another interface nic0 now"))
    #expect(try scene.reservations() == [])
    try scene.node.ip("link del nic0")
    try scene.succeed("DEL", pod, members())
    #expect(try !onNode().isEmpty)
  }

  @Test("without ipam the device is up and has no address")
  func withoutIPAM() throws {
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, #""device":"nic0","#)
    #expect(!result.contains("ips"))
    #expect(try scene.links(pod.namespace).first?.contains(",UP") == true)
    try scene.succeed("CHECK", pod, #""device":"nic0","#, scene.after(result))
    try scene.succeed("DEL", pod, #""device":"nic0","#)
    #expect(try !onNode().isEmpty)
  }

  @Test("an ADD that is killed at any system call leaves the device where DEL finds it")
  func killed() throws {
    for call in ["sendto", "openat", "write", "setns"] {
      for number in 1...60 {
        let pod = try LinkScene.Pod()
        let kill = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)"]
        let outcome = try scene.call("ADD", pod, members(), .init(wrapper: kill))
        try scene.succeed("DEL", pod, members())
        #expect(try !onNode().isEmpty && scene.reservations() == [], "killed at \(call) \(number)")
        if outcome.status == 0 { break }
      }
    }
  }

  @Test("one program adds and the other deletes, and the device is back", arguments: [true, false])
  func dropIn(upstreamAdds: Bool) throws {
    let (upstream, ours) = (LinkScene.Way(plugins: BridgeScene.upstream), LinkScene.Way())
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, members(), upstreamAdds ? upstream : ours)
    var other = upstreamAdds ? ours : upstream
    other.previous = result
    try scene.succeed("CHECK", pod, members(), other)
    try scene.succeed("DEL", pod, members(), other)
    #expect(try !onNode().isEmpty && scene.links(pod.namespace) == [] && scene.reservations() == [])
  }

  @Test("the result is upstream's in every version", arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(version: String) throws {
    let routes = #","routes":[{"dst":"0.0.0.0/0"}]"#
    for more in ["", #""dns":{"nameservers":["192.0.2.53"]},"#] {
      let members = #""device":"nic0","# + more + scene.oneAddress(routes)
      var results: [String] = []
      for plugins in [scene.ours, BridgeScene.upstream] {
        let pod = try LinkScene.Pod()
        let way = LinkScene.Way(plugins: plugins, version: version)
        results.append("\(try scene.comparable(scene.succeed("ADD", pod, members, way), pod))")
        try scene.succeed("DEL", pod, members, way)
      }
      #expect(results[0] == results[1])
    }
  }
}
