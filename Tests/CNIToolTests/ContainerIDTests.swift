// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNITool

@Suite("container IDs") struct ContainerIDTests {
  @Test("the ID for a namespace is upstream's")
  func upstream() {
    // As upstream's cnitool v1.3.0 wrote it into its cache.
    #expect(containerID(forNamespace: "/run/netns/c1") == "cnitool-20b4ff582526573bbe7d")
  }

  @Test(
    "a path is made absolute as filepath.Abs does",
    arguments: [
      ("/run/netns/c1", "/run/netns/c1"), ("c1", "/home/u/c1"), ("./a//b/", "/home/u/a/b"), ("../x", "/home/x"),
      ("/a/../../b", "/b"), ("/", "/"), ("", "/home/u"),
    ])
  func absolute(path: String, expected: String) { #expect(absolutePath(path, in: "/home/u") == expected) }
}
