// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@testable import CNITool

@Suite("finding a container's process") struct ContainerFinderTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let other = String(repeating: "fedcba9876543210", count: 4)

  private let root: TemporaryFolder
  private var finder: ContainerFinder { ContainerFinder(root: root.path) }

  init() throws {
    root = try TemporaryFolder()
    try process(4711, "/user.slice/shell.scope")
  }

  private func process(_ pid: Int, _ group: String) throws {
    try root.add("0::\(group)\n", named: "proc/\(pid)/cgroup", mode: "644")
  }

  @Test(
    "the state files of each runtime name the process",
    arguments: [
      ("run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/init.pid", "4711"),
      ("run/containerd/runc/default/ID/state.json", #"{"id": "x", "init_process_pid": 4711}"#),
      ("run/docker/runtime-runc/moby/ID/state.json", #"{"init_process_pid": 4711}"#),
      ("run/runc/ID/state.json", #"{"init_process_pid": 4711}"#),
      ("run/crun/ID/status", #"{"pid": 4711, "bundle": "/b"}"#),
      ("run/containers/storage/overlay-containers/ID/userdata/pidfile", "4711\n"),
    ])
  func stateFiles(file: String, text: String) throws {
    try root.add(text, named: file.replacing("ID", with: Self.id), mode: "644")
    for name in [Self.id, "0123456789ab", "012"] { #expect(try finder.process(of: name) == 4711) }
    #expect(throws: ToolFailure.self) { try finder.process(of: "123") }
  }

  @Test(
    "without state files the control group does",
    arguments: [
      "/system.slice/docker-ID.scope", "/docker/ID", "/machine.slice/libpod-ID.scope/container", "/kubepods/podX/ID",
      "/kubepods.slice/kubepods-podx.slice/cri-containerd-ID.scope", "/kubepods.slice/crio-ID.scope",
      "/system.slice/containerd.service/kubepods-x:cri-containerd:ID", "/default/ID",
    ])
  func groups(group: String) throws {
    try process(812, group.replacing("ID", with: Self.id))
    try process(900, group.replacing("ID", with: Self.id) + "/child")
    try process(700, "/machine.slice/libpod-conmon-\(Self.id).scope")
    #expect(try finder.process(of: Self.id) == 812)
    #expect(try finder.process(of: "0123456789ab") == 812)
  }

  @Test("a name is looked up in Docker's and podman's files")
  func names() throws {
    try process(11, "/system.slice/docker-\(Self.id).scope")
    try process(12, "/machine.slice/libpod-\(Self.other).scope")
    try root.add(
      #"{"Name": "/web", "ID": "x"}"#, named: "var/lib/docker/containers/\(Self.id)/config.v2.json", mode: "644")
    try root.add(
      #"[{"id": "\#(Self.other)", "names": ["db", "database"]}]"#,
      named: "var/lib/containers/storage/overlay-containers/containers.json", mode: "644")
    #expect(try finder.process(of: "web") == 11)
    #expect(try finder.process(of: "database") == 12)
  }

  @Test("a beginning that two containers have is refused, and both are named")
  func ambiguous() throws {
    try process(11, "/docker/\(Self.id)")
    let similar = "012345ffff" + String(repeating: "0", count: 54)
    try process(12, "/docker/\(similar)")
    let failure = #expect(throws: ToolFailure.self) { try finder.process(of: "012345") }
    #expect(failure?.description.contains(similar) == true && failure?.description.contains(Self.id) == true)
    #expect(try finder.process(of: "01234567") == 11)
  }

  @Test("a group that has containers in it is none", arguments: ["docker", "kubepods", "system", "besteffort"])
  func parents(name: String) throws {
    try process(11, "/docker/\(Self.id)")
    try process(12, "/kubepods/besteffort/pod1/\(Self.id)")
    try process(13, "/system.slice/docker-\(Self.id).scope")
    #expect(throws: ToolFailure.self) { try finder.process(of: name) }
  }

  @Test(
    "state of a process that has ended, and files of another form, are passed over",
    arguments: ["4712", "0", "-1", "x", "", "{}", #"{"init_process_pid": 99999999999}"#, "[1]"])
  func stale(text: String) throws {
    try root.add(text, named: "run/runc/\(Self.id)/state.json", mode: "644")
    #expect(throws: ToolFailure.self) { try finder.process(of: Self.id) }
  }

  @Test("what is no container's name is refused", arguments: ["", "a/b", "../x"])
  func badNames(name: String) { #expect(throws: ToolFailure.self) { try finder.process(of: name) } }
}
