// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import Skel

@Suite struct VerbTests {
  /// The specification's table: what an operation needs besides CNI_COMMAND, and the version that it came with.
  private static let table: [(verb: Verb, variables: [Variable], since: SpecVersion, needsNamespace: Bool)] = [
    (.add, [.containerID, .namespace, .interface], .v0_1_0, true),
    (.delete, [.containerID, .interface], .v0_1_0, false),
    (.check, [.containerID, .namespace, .interface], .v0_4_0, true),
    (.collectGarbage, [.path], .v1_1_0, false),
    (.status, [], .v1_1_0, false),
    (.version, [], .v0_1_0, false),
  ]

  @Test("each operation needs what the specification says")
  func requirements() {
    #expect(Self.table.map(\.verb) == Verb.allCases)
    for (verb, variables, since, needsNamespace) in Self.table {
      let requirements = verb.requirements
      #expect(requirements.variables == variables)
      #expect(requirements.since == since)
      #expect(requirements.needsNamespace == needsNamespace)
    }
  }

  @Test("operations and variables have the names of the specification")
  func names() {
    #expect(Verb.allCases.map(\.rawValue) == ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"])
    #expect(
      Variable.allCases.map(\.rawValue) == [
        "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH", "CNI_NETNS_OVERRIDE",
      ])
  }
}
