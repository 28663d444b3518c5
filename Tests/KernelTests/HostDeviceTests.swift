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

  @Test("a device that the kernel has moved to the host, as its container has ended, gets its name again at DEL")
  func returned() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    try endNamespace(of: pod)
    #expect(try onNode().isEmpty && onNode("eth0").contains("alias nic0"))
    let other = try LinkScene.Pod()
    // It is not that one's.
    try scene.succeed("DEL", other, members())
    #expect(try onNode().isEmpty)
    for way in [LinkScene.Way(namespace: .some(nil)), .init()] { try scene.succeed("DEL", pod, members(), way) }
    #expect(try onNode().contains("state DOWN") && !onNode().contains("alias") && !onNode().contains("altname"))
  }

  @Test("such a device that is up keeps its name, and another container's ADD takes it by its own name")
  func returnedAndUsed() throws {
    let (pod, other) = (try LinkScene.Pod(), try LinkScene.Pod())
    try scene.succeed("ADD", pod, members())
    try endNamespace(of: pod)
    try scene.node.ip("link set eth0 up")
    let outcome = try scene.call("DEL", pod, members())
    #expect(outcome.status == 0)
    #expect(outcome.errorText == "host-device: eth0 is up, so it does not get its name nic0 again\n")
    try scene.succeed("ADD", other, members())
    #expect(try scene.links(other.namespace).first?.contains("alias nic0") == true)
    try scene.succeed("DEL", pod, members())
    #expect(try scene.links(other.namespace).count == 1)
    try scene.succeed("DEL", other, members())
    #expect(try !onNode().isEmpty && !onNode().contains("altname"))
  }

  /// Does what the kernel does with a device when its namespace ends.
  private func endNamespace(of pod: LinkScene.Pod) throws {
    try pod.namespace.ip("link set eth0 netns \(scene.node.path)")
  }

  @Test(
    "DEL of what no ADD has moved leaves the host's interface as it is, whatever its alias, up or down",
    arguments: [#""hwaddr":"02:00:00:00:00:01","#, #""device":"eth0","#])
  func nothingMoved(selector: String) throws {
    try scene.node.ip("link set nic0 down\nlink set nic0 name eth0\nlink set eth0 alias uplink")
    for state in ["up", "down"] {
      try scene.node.ip("link set eth0 \(state)\naddr replace 10.77.0.2/24 dev eth0")
      let before = try scene.node.command("ip", "addr", "show", "dev", "eth0")
      try scene.succeed("DEL", try LinkScene.Pod(), selector + scene.oneAddress())
      #expect(try scene.node.command("ip", "addr", "show", "dev", "eth0") == before)
    }
  }

  @Test("a device returns under its name, not under an alias that the host has given it")
  func formerAlias() throws {
    try scene.node.ip("link set nic0 down\nlink set nic0 name eth0\nlink set eth0 up alias wan")
    let (pod, members) = (try LinkScene.Pod(), #""hwaddr":"02:00:00:00:00:01","# + scene.oneAddress())
    try scene.succeed("ADD", pod, members)
    try scene.succeed("DEL", pod, members)
    #expect(try !onNode("eth0").isEmpty && onNode("wan").isEmpty)
  }

  @Test("DEL for another network leaves the device that this one has")
  func otherNetwork() throws {
    let pod = try LinkScene.Pod()
    let members = #""hwaddr":"02:00:00:00:00:01","# + scene.oneAddress()
    try scene.succeed("ADD", pod, members)
    try scene.succeed("DEL", pod, members, .init(network: "other"))
    #expect(try scene.links(pod.namespace).count == 1)
    try scene.succeed("DEL", pod, members)
    #expect(try !onNode().isEmpty)
  }

  @Test("several DELs at once all succeed, and the device is back")
  func crowd() throws {
    for _ in 1...10 {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, members())
      let calls = try (1...4).map { _ in try scene.start("DEL", pod, members()) }
      for call in calls {
        let outcome = try call.wait()
        #expect(outcome.status == 0, "\(outcome.outputText)")
      }
      #expect(try !onNode().isEmpty && !onNode().contains("alias"))
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

  @Test("a device whose name the host has given away returns under another one, and gets its own at a later DEL")
  func taken() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    try scene.node.ip("link add nic0 type bridge")
    for present in ["eth0", "dev0"] {
      let outcome = try scene.call("DEL", pod, members())
      #expect(outcome.status == 0)
      let note = "does not get its name nic0 again, which another interface of the host has now"
      #expect(outcome.errorText == "host-device: \(present) \(note)\n")
      #expect(try scene.reservations() == [] && scene.links(pod.namespace) == [])
      #expect(try onNode("dev0").contains("alias nic0"))
    }
    try scene.node.ip("link del nic0")
    try scene.succeed("DEL", pod, members())
    #expect(try !onNode().isEmpty && !onNode().contains("alias"))
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
