// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Rules
import Testing

@Suite struct PortmapDeleteTests {
  private static let bothFamilies = ["IPv4 port 8080/tcp", "IPv6 port 8080/tcp"]

  /// Expects that DEL succeeds, and returns what it asked the backend for.
  private static func removal(_ config: String, _ backend: RecordingBackend = RecordingBackend()) throws -> (
    owner: CNI.Attachment, hint: [PortForward], ports: [String]
  ) {
    let answer = Sample.answer("DEL", config, backend)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(backend.calls == 1)
    let removed = try #require(backend.removed.first)
    return (removed.hint.attachment, removed.hint.forwards, removed.ports.map(\.description))
  }

  @Test("with the whole configuration, DEL hints at the forwards that ADD made")
  func whole() throws {
    let backend = RecordingBackend()
    _ = Sample.answer("ADD", Sample.config(), backend)
    let removal = try Self.removal(Sample.config())
    #expect(removal.owner == Sample.owner)
    #expect(removal.hint == backend.applied.first?.forwards)
    #expect(removal.ports == Self.bothFamilies)
  }

  @Test("with a result of one family, DEL hints at its forwards, and names the ports of the other as well")
  func oneFamily() throws {
    let removal = try Self.removal(Sample.config(addresses: ["fd00::5/64"]))
    #expect(!removal.hint.isEmpty)
    #expect(removal.ports == Self.bothFamilies)
  }

  @Test(
    "where the rules cannot be told, DEL names the ports in each family that they could be meant for",
    arguments: [
      Sample.config(addresses: nil), Sample.config(#""prevResult":5"#, addresses: nil),
      Sample.config(#""prevResult":{"ips":[{"address":"x"}]}"#, addresses: nil), Sample.config(addresses: []),
      Sample.config(#""iptablesVariant":"x""#), Sample.config(#""backend":"x""#), Sample.config(#""snat":5"#),
      Sample.config(#""conditionsV4":[5]"#), Sample.config(#""conditionsV4":["x"]"#),
      Sample.config(#""sourceRanges":["x"]"#), Sample.config(#""hostPortConflict":"x""#),
      Sample.config(#""markMasqBit":99"#),
      Sample.config(mappings: #"[\#(Sample.mapping),{"hostPort":0}]"#),
      Sample.config(mappings: #"[\#(Sample.mapping),7]"#),
    ])
  func broken(config: String) throws {
    let removal = try Self.removal(config)
    #expect(removal.owner == Sample.owner)
    #expect(removal.hint.isEmpty)
    #expect(removal.ports == Self.bothFamilies)
  }

  @Test(
    "without mappings, or with none that can be read, DEL looks for the owner all the same",
    arguments: [nil, "null", "[]", "{}", "5"])
  func noMappings(mappings: String?) throws {
    for addresses in [Sample.dual, nil] {
      let removal = try Self.removal(Sample.config(mappings: mappings, addresses: addresses))
      #expect(removal.owner == Sample.owner)
      #expect(removal.hint.isEmpty)
      #expect(removal.ports.isEmpty)
    }
  }

  @Test("forwards that hold no more are no concern if they are TCP's")
  func freed() throws {
    let backend = RecordingBackend()
    backend.freed = [PortForward(port: 8080, on: nil, to: try Sample.endpoint("10.22.0.5", 80), if: nil)]
    #expect(try Self.removal(Sample.config(), backend).ports == Self.bothFamilies)
  }
}
