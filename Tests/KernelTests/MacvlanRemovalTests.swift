// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("macvlan's failures, DEL, GC and STATUS", .enabled(if: kernelIsThere, "needs privileges"))
struct MacvlanRemovalTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("macvlan") }

  private func members(_ more: String = "") -> String { #""master":"up0","# + more + scene.oneAddress() }

  @Test("an ADD that fails leaves no interface and no reservation")
  func failures() throws {
    try scene.succeed("ADD", try LinkScene.Pod(), members())
    let (pod, before) = (try LinkScene.Pod(), try scene.reservations())
    // The range is exhausted; the route's gateway cannot be reached.
    #expect(try scene.fail("ADD", pod, members()).message.contains("10.40.0.5"))
    let route =
      #""ipam":{"type":"static","addresses":[{"address":"10.40.0.6/24"}],"routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}]},"#
    #expect(try scene.fail("ADD", pod, #""master":"up0","# + route).message.contains("add the route"))
    #expect(try scene.links(pod.namespace) == [])
    #expect(try scene.reservations() == before)
  }

  @Test("a wrong option changes nothing, and is code 7 with its name")
  func wrongOptions() throws {
    let pod = try LinkScene.Pod()
    let cases = [
      #""master":"none","#: "master: this host has no interface none",
      #""mtu":9000,"#: "mtu: expected at most 1500, the MTU of the master up0, found 9000",
      #""mode":"foo","#: "mode: expected one of bridge, private, vepa, passthru, found \"foo\"",
    ]
    for (option, message) in cases {
      let members = option.contains("master") ? option + scene.oneAddress() : members(option)
      #expect(try scene.fail("ADD", pod, members) == (7, message))
    }
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("an ADD in another namespace, which the IPAM plugin refuses, releases nothing")
  func refusedByIPAM() throws {
    let living = try LinkScene.Pod()
    var again = try LinkScene.Pod()
    again.id = living.id
    let members = #""master":"up0","# + scene.dualStack
    try scene.succeed("ADD", living, members)
    let before = try scene.traces(of: living)
    #expect(try scene.fail("ADD", again, members).message.contains("duplicate allocation"))
    #expect(try scene.traces(of: living) == before && scene.links(again.namespace) == [])
  }

  @Test(
    "an ADD that fails as a request or its reply is lost leaves nothing",
    arguments: ["sendto:error=ENOMEM", "recvfrom:error=ENOBUFS"])
  func lost(fault: String) throws {
    #expect(try scene.leftovers(after: fault, members()) == [])
  }

  @Test("of two ADDs at once for one interface, the one that is refused leaves that of the other")
  func atOnce() throws {
    let first = try LinkScene.Pod()
    var second = first
    second.id = "second"
    // Its requests are late, so that the other one is done between its look for the name and its request for the interface.
    let strace = ["strace", "-f", "-qq", "-e", "trace=sendto", "-e", "inject=sendto:delay_enter=500000"]
    let late = try scene.start("ADD", second, members(), .init(wrapper: strace))
    usleep(100_000)
    let outcomes = [try scene.call("ADD", first, members()), try late.wait()]
    #expect(outcomes.filter { $0.status == 0 }.count == 1)
    #expect(try scene.links(first.namespace).count { $0.contains(" eth0") } == 1)
  }

  @Test("an ADD that is killed at any system call leaves nothing that DEL does not remove")
  func killed() throws {
    for call in ["sendto", "openat", "write", "setns"] {
      for number in 1...60 {
        let pod = try LinkScene.Pod()
        let kill = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)"]
        let outcome = try scene.call("ADD", pod, members(), .init(wrapper: kill))
        try scene.succeed("DEL", pod, members())
        #expect(try scene.traces(of: pod) == [], "killed at \(call) \(number)")
        if outcome.status == 0 { break }
      }
    }
  }

  @Test("DEL needs no valid option, no master, no default route and no namespace, and may be repeated")
  func deletion() throws {
    let ways: [(String, LinkScene.Way)] = [
      (members(), .init(namespace: .some(nil))), (members(), .init(namespace: .some("/run/netns/none"))),
      (members(), .init(namespace: .some("/etc/hostname"))),
      (
        #""master":7,"mode":"foo","mtu":"x","mac":1,"linkInContainer":3,"bcqueuelen":-1,"dns":4,"# + scene.oneAddress(),
        .init()
      ),
      (#""master":"none","# + scene.oneAddress(), .init()), (scene.oneAddress(), .init()),
    ]
    for (members, way) in ways {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, self.members())
      if !members.contains("master") { try scene.node.ip("route del default") }
      for _ in 1...2 { try scene.succeed("DEL", pod, members, way) }
      #expect(try scene.reservations() == [])
      // Without its namespace the interface cannot be found; it goes with it.
      if way.namespace == nil { #expect(try scene.traces(of: pod) == []) }
    }
  }

  @Test("DEL finds the interface under another name, and leaves one of another kind that has its name")
  func renamed() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    try pod.namespace.ip("link set eth0 down\nlink set eth0 name net1\nlink add eth0 type bridge")
    try scene.succeed("DEL", pod, members())
    let left = try scene.links(pod.namespace)
    #expect(left.count == 1 && left[0].contains(" eth0: ") && left[0].contains("bridge"))
  }

  @Test("DEL for another network leaves the interface that this one has")
  func otherNetwork() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    let other = LinkScene.Way(network: "other")
    #expect(try scene.fail("ADD", pod, members(), other).code == 103)
    try scene.succeed("DEL", pod, members(), other)
    #expect(try scene.links(pod.namespace).count == 1)
    try scene.succeed("DEL", pod, members())
    #expect(try scene.links(pod.namespace) == [])
  }

  @Test("DEL with an ipam that no ADD accepts removes the interface, and notes that no address is released")
  func wrongIPAM() throws {
    let pod = try LinkScene.Pod()
    try scene.succeed("ADD", pod, members())
    let outcome = try scene.call("DEL", pod, #""ipam":7,"#)
    #expect(outcome.status == 0)
    #expect(outcome.errorText.hasPrefix("macvlan: no address is released: ipam: expected an object"))
    #expect(try scene.links(pod.namespace) == [])
    #expect(try scene.fail("DEL", pod, #""ipam":{"type":"nope"},"#).code == 104)
  }

  @Test("GC releases the addresses of attachments that are not valid")
  func garbage() throws {
    let (valid, gone) = (try LinkScene.Pod(), try LinkScene.Pod())
    for pod in [valid, gone] { try scene.succeed("ADD", pod, #""master":"up0","# + scene.dualStack) }
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(valid.id)","ifname":"eth0"}],"#
    try scene.succeed("GC", nil, list + scene.dualStack, .init(version: "1.1.0"))
    #expect(try scene.reservations().sorted() == ["10.40.0.5", "fd00:40::5"])
  }

  @Test("STATUS succeeds, and is code 50 without the master or an address")
  func status() throws {
    try scene.succeed("STATUS", nil, members(), .init(version: "1.1.0"))
    let error = try scene.fail("STATUS", nil, #""master":"none","# + scene.oneAddress(), .init(version: "1.1.0"))
    #expect(error == (50, "master: this host has no interface none"))
    try scene.succeed(
      "STATUS", nil, #""master":"none","linkInContainer":true,"# + scene.oneAddress(), .init(version: "1.1.0"))
    try scene.succeed("ADD", try LinkScene.Pod(), members())
    #expect(try scene.fail("STATUS", nil, members(), .init(version: "1.1.0")).code == 50)
  }

  @Test("CHECK finds an interface, address or route that is missing")
  func check() throws {
    let pod = try LinkScene.Pod()
    let members = #""master":"up0","# + scene.oneAddress(#","routes":[{"dst":"0.0.0.0/0"}]"#)
    let result = try scene.succeed("ADD", pod, members)
    func problem() throws -> String { try scene.fail("CHECK", pod, members, scene.after(result)).message }
    try pod.namespace.ip("route del default")
    #expect(try problem() == "eth0: the route to 0.0.0.0/0 is missing")
    try pod.namespace.ip("addr flush dev eth0")
    #expect(try problem().hasPrefix("eth0: eth0 lacks the address 10.40.0.5/24"))
    try pod.namespace.ip("link del eth0")
    #expect(try problem() == "eth0: the interface eth0 is missing")
  }

  @Test("one program adds and the other deletes, and nothing is left", arguments: [true, false])
  func dropIn(upstreamAdds: Bool) throws {
    let (upstream, ours) = (LinkScene.Way(plugins: BridgeScene.upstream), LinkScene.Way())
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, members(), upstreamAdds ? upstream : ours)
    var other = upstreamAdds ? ours : upstream
    other.previous = result
    try scene.succeed("CHECK", pod, members(), other)
    try scene.succeed("DEL", pod, members(), other)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("the result is upstream's in every version", arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(version: String) throws {
    let routes = #","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.0.0/16","gw":"10.40.0.9"}]"#
    for more in ["", #""dns":{"nameservers":["192.0.2.53"],"search":["example.org"]},"#] {
      let members = #""master":"up0","# + more + scene.oneAddress(routes)
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
