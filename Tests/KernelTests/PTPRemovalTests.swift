// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("ptp's failures, DEL and GC", .enabled(if: kernelIsThere, "needs privileges")) struct PTPRemovalTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("ptp") }

  @Test("an ADD that fails leaves no interface and no reservation")
  func failures() throws {
    let pod = try LinkScene.Pod()
    let unreachable = #","routes":[{"dst":"10.9.0.0/16","gw":"172.31.0.1"}]"#
    #expect(try scene.fail("ADD", pod, scene.oneAddress(unreachable)).message.contains("add the route"))
    #expect(try scene.traces(of: pod) == [])
    try scene.succeed("ADD", pod, scene.oneAddress())
    let before = try scene.traces(of: pod)
    #expect(
      try scene.fail("ADD", pod, scene.dualStack) == (103, "CNI_IFNAME: the container has an interface eth0 already"))
    #expect(try scene.traces(of: pod) == before)
  }

  @Test("an ADD in another namespace, which the IPAM plugin refuses, releases nothing")
  func refusedByIPAM() throws {
    let living = try LinkScene.Pod()
    var again = try LinkScene.Pod()
    again.id = living.id
    let members = scene.dualStack
    try scene.succeed("ADD", living, members)
    let before = try scene.traces(of: living)
    #expect(try scene.fail("ADD", again, members).message.contains("duplicate allocation"))
    #expect(try scene.traces(of: living) == before && scene.links(again.namespace) == [])
  }

  @Test(
    "an ADD that fails as a request or its reply is lost leaves nothing",
    arguments: ["sendto:error=ENOMEM", "recvfrom:error=ENOBUFS"])
  func lost(fault: String) throws {
    #expect(try scene.leftovers(after: fault, scene.oneAddress()) == [])
  }

  @Test("an ADD that is killed at any system call leaves nothing that DEL does not remove, without the namespace")
  func killed() throws {
    for call in ["sendto", "openat", "write", "setns"] {
      for number in 1...60 {
        let pod = try LinkScene.Pod()
        let kill = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)"]
        let outcome = try scene.call("ADD", pod, scene.oneAddress(), .init(wrapper: kill))
        try scene.succeed("DEL", pod, scene.oneAddress(), .init(namespace: .some(nil)))
        #expect(try scene.traces(of: pod) == [], "killed at \(call) \(number)")
        if outcome.status == 0 { break }
      }
    }
  }

  @Test("DEL needs no valid option and no namespace, and may be repeated")
  func deletion() throws {
    let ways: [(String, LinkScene.Way)] = [
      ("", .init(namespace: .some(nil))), ("", .init(namespace: .some("/run/netns/none"))),
      ("", .init(namespace: .some("/etc/hostname"))), (#""mtu":"x","ipMasq":7,"ipMasqBackend":"z","dns":4,"#, .init()),
    ]
    for (wrong, way) in ways {
      let pod = try LinkScene.Pod()
      try scene.succeed("ADD", pod, scene.oneAddress())
      for _ in 1...2 { try scene.succeed("DEL", pod, wrong + scene.oneAddress(), way) }
      #expect(try scene.traces(of: pod) == [])
    }
  }

  @Test("GC removes what attachments of the network have that are not valid, and nothing else")
  func garbage() throws {
    let (valid, gone, other) = (try LinkScene.Pod(), try LinkScene.Pod(), try LinkScene.Pod())
    for pod in [valid, gone] { try scene.succeed("ADD", pod, scene.dualStack) }
    let own = #""ipam":{"type":"static","addresses":[{"address":"10.41.0.5/24","gateway":"10.41.0.1"}]},"#
    try scene.succeed("ADD", other, own, .init(network: "other"))
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(valid.id)","ifname":"eth0"}],"#
    try scene.succeed("GC", nil, list + scene.dualStack, .init(version: "1.1.0"))
    #expect(try scene.links(gone.namespace) == [])
    #expect(try scene.links(valid.namespace).count == 1 && scene.links(other.namespace).count == 1)
    #expect(try scene.reservations().sorted() == ["10.40.0.5", "fd00:40::5"])
  }

  @Test("STATUS is the IPAM plugin's, and is code 7 without one")
  func status() throws {
    try scene.succeed("STATUS", nil, scene.oneAddress(), .init(version: "1.1.0"))
    try scene.succeed("ADD", try LinkScene.Pod(), scene.oneAddress())
    #expect(try scene.fail("STATUS", nil, scene.oneAddress(), .init(version: "1.1.0")).code == 50)
    #expect(
      try scene.fail("STATUS", nil, "", .init(version: "1.1.0")).message.hasPrefix("ipam.type: expected the name"))
  }

  @Test("one program adds and the other deletes, and nothing is left", arguments: [true, false])
  func dropIn(upstreamAdds: Bool) throws {
    let (upstream, ours) = (LinkScene.Way(plugins: BridgeScene.upstream), LinkScene.Way())
    let pod = try LinkScene.Pod()
    let members = #""ipMasq":\#(upstreamAdds),"# + scene.oneAddress(#","routes":[{"dst":"0.0.0.0/0"}]"#)
    let result = try scene.succeed("ADD", pod, members, upstreamAdds ? upstream : ours)
    var other = upstreamAdds ? ours : upstream
    other.previous = result
    try scene.succeed("CHECK", pod, members, other)
    try scene.succeed("DEL", pod, members, other)
    #expect(try scene.traces(of: pod) == [])
  }

  @Test("the result is upstream's in every version", arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(version: String) throws {
    let routes = #","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.0.0/16","gw":"10.40.0.1"}]"#
    for more in ["", #""dns":{"nameservers":["192.0.2.53"],"search":["example.org"]},"#] {
      var results: [String] = []
      for plugins in [scene.ours, BridgeScene.upstream] {
        let pod = try LinkScene.Pod()
        let way = LinkScene.Way(plugins: plugins, version: version)
        let result = try scene.succeed("ADD", pod, more + scene.oneAddress(routes), way)
        results.append("\(try scene.comparable(result, pod))")
        try scene.succeed("DEL", pod, scene.oneAddress(), way)
      }
      #expect(results[0] == results[1])
    }
  }
}
