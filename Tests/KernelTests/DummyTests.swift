// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("dummy", .enabled(if: kernelIsThere, "needs privileges")) struct DummyTests {
  private let scene: LinkScene

  init() throws { scene = try LinkScene("dummy") }

  /// Whether this kernel has the kind, as ip finds it.
  static let isInKernel =
    (try? Namespace().command("ip", "link", "add", "probe", "type", "dummy")) != nil

  @Test("a kernel with the kind gets an interface, which CHECK finds and DEL removes; one without it is code 50")
  func addCheckAndDelete() throws {
    if Self.isInKernel { try expectInterface() } else { try expectRefusal() }
  }

  private func expectInterface() throws {
    let pod = try LinkScene.Pod()
    let result = try scene.succeed("ADD", pod, scene.dualStack)
    #expect(result.contains("10.40.0.5/24") && result.contains("fd00:40::5/64"))
    #expect(try scene.links(pod.namespace).contains { $0.contains(" eth0: ") && $0.contains(" dummy ") })
    #expect(try pod.namespace.command("ip", "-4", "addr").contains("inet 10.40.0.5/24 brd 10.40.0.255"))
    try scene.succeed("CHECK", pod, scene.dualStack, scene.after(result))
    try scene.succeed("DEL", pod, scene.dualStack)
    #expect(try scene.traces(of: pod) == [])
    try scene.succeed("STATUS", nil, scene.dualStack, .init(version: "1.1.0"))
  }

  /// ADD and STATUS name the kind that is missing, and no address is reserved.
  private func expectRefusal() throws {
    let pod = try LinkScene.Pod()
    let error = try scene.fail("ADD", pod, scene.dualStack)
    #expect(error.code == 50)
    #expect(error.message.contains("this kernel has no interfaces of the kind dummy"))
    #expect(try scene.traces(of: pod) == [])
    let status = try scene.fail("STATUS", nil, scene.dualStack, .init(version: "1.1.0"))
    #expect(status == (50, "this kernel has no interfaces of the kind dummy"))
  }

  @Test("DEL releases addresses without namespace and interface, GC those that are not valid")
  func release() throws {
    let pod = try LinkScene.Pod()
    let reserve = { () throws in
      let file = #"install -D -m 600 /dev/stdin "$1/net/10.40.0.5""#
      let text = Array("\(pod.id)\r\neth0".utf8)
      _ = try Program("sh").run(
        ["-c", file, "sh", scene.dataDir], environment: ["PATH": Program.standardPath], input: text)
      #expect(try scene.reservations() == ["10.40.0.5"])
    }
    for namespace in [String?.none, "/run/netns/none", "/etc/hostname"] {
      try reserve()
      try scene.succeed("DEL", pod, scene.oneAddress(), .init(namespace: .some(namespace)))
      #expect(try scene.reservations() == [])
    }
    try reserve()
    try scene.succeed("GC", nil, #""cni.dev/valid-attachments":[],"# + scene.oneAddress(), .init(version: "1.1.0"))
    #expect(try scene.reservations() == [])
  }
}
