// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Portmap
import Rules
import Testing

@Suite struct RecordedCallTests {
  private static let withConfig = RecordedCall.all.filter { $0.verb != "VERSION" }
  private static let portmap = RecordedCall.all.filter { $0.plugin == "portmap" }
  private static let portmapAdds = portmap.filter { $0.verb == "ADD" }

  @Test("the recorded calls are all there, for each client, plugin and operation")
  func complete() {
    #expect(RecordedCall.all.count == 150)
    let table = Dictionary(grouping: RecordedCall.all) { "\($0.client) \($0.plugin) \($0.verb)" }
    for client in ["podman", "containerd", "buildah"] {
      for plugin in ["bridge", "portmap", "firewall", "tuning", "bandwidth"] {
        for verb in ["ADD", "DEL"] { #expect(table["\(client) \(plugin) \(verb)"] != nil) }
        #expect((table["\(client) \(plugin) VERSION"] != nil) == (client != "containerd"))
      }
    }
    #expect(Set(RecordedCall.all.filter { $0.upstreamStatus != 0 }.map { "\($0.plugin) \($0.verb)" }) == ["tuning ADD"])
  }

  @Test("a configuration is read, and its previous result is the same when it is written again", arguments: withConfig)
  func decoded(call: RecordedCall) throws {
    let document = try NetworkConfig.document(parsing: Array(call.stdin.utf8))
    let config = try NetworkConfig(document)
    #expect(try document["type"].string() == call.plugin)
    guard let recorded = document["prevResult"].value else {
      #expect(try config.previousResult() == nil)
      return
    }
    let result = try #require(try config.previousResult())
    #expect(result.encoded(config.version).canonicalResult == recorded.canonicalResult)
  }

  /// Lets our plugin answer, in the namespace of this process.
  private static func answer(_ call: RecordedCall, _ backend: RecordingBackend) -> Answer {
    var environment = call.environment
    if environment["CNI_NETNS"] != nil { environment["CNI_NETNS"] = "/proc/self/ns/net" }
    environment["CNI_NETNS_OVERRIDE"] = "1"
    return Call(environment, call.stdin).answer { note in
      Portmap(nftables: backend, iptables: { _ in RecordingBackend() }, host: Sample.host, note: note)
    }
  }

  @Test("a call of portmap is answered as upstream answered it", arguments: portmap)
  func answered(call: RecordedCall) throws {
    let answer = Self.answer(call, RecordingBackend())
    #expect(Int(answer.status) == call.upstreamStatus)
    #expect(answer.notes.isEmpty)
    if call.upstreamOutput.isEmpty {
      #expect(answer.output.isEmpty)
    } else {
      let expected = try JSON(call.upstreamOutput).canonicalResult
      #expect(answer.json?.canonicalResult == expected)
    }
  }

  /// What a configuration maps, however its keys are spelled.
  private static func mappings(_ call: RecordedCall) throws -> [String] {
    guard case .object(let document) = try JSON(call.stdin), let runtime = document["runtimeConfig"] else { return [] }
    return try (Field(runtime)["portMappings"].array() ?? []).map { item in
      var values: [String: JSON] = [:]
      for member in try #require(try item.object()).members { values[member.name.lowercased()] = member.value }
      let host = try Field(values["hostip"]).string()
      let hostPort = try Field(values["hostport"]).integer(in: 1...65_535)
      let containerPort = try Field(values["containerport"]).integer(in: 1...65_535)
      let transport = try Field(values["protocol"]).string()
      return "\(host ?? "any") \(hostPort ?? 0) \(containerPort ?? 0) \(transport ?? "")"
    }
  }

  @Test("every mapping of an ADD reaches the backend, for the container's first address", arguments: portmapAdds)
  func mapped(call: RecordedCall) throws {
    let backend = RecordingBackend()
    _ = Self.answer(call, backend)
    let mappings = try Self.mappings(call)
    #expect(backend.applied.count == (mappings.isEmpty ? 0 : 1))
    let config = try NetworkConfig(try NetworkConfig.document(parsing: Array(call.stdin.utf8)))
    let result = try #require(try config.previousResult())
    let interface = try #require(call.environment["CNI_IFNAME"])
    for family in AddressFamily.allCases {
      let container = result.address(family, ofContainerInterface: interface)?.address
      // Where a mapping is on one address of the host, that is one of IPv4.
      let expected = mappings.filter { container != nil && (family == .ip || $0.hasPrefix("any ")) }
      let forwards = backend.forwards.filter { $0.hostPort.family == family }
      let actual = forwards.map { forward in
        let host = forward.hostPort.address?.description ?? "any"
        return "\(host) \(forward.hostPort.port) \(forward.destination.port) \(forward.hostPort.transport.rawValue)"
      }
      #expect(actual == expected)
      #expect(forwards.allSatisfy { $0.destination.address == container })
      #expect(container != nil || family == .ip6)
    }
  }

  @Test("mappings in Go's spelling are among them, and others")
  func spellings() throws {
    let mapped = try Self.portmapAdds.filter { try !Self.mappings($0).isEmpty }
    #expect(mapped.contains { $0.client == "containerd" && $0.stdin.contains("\"HostPort\"") })
    #expect(mapped.contains { $0.client == "podman" && $0.stdin.contains("\"hostPort\"") })
  }

  @Test("every port of a DEL reaches the backend, with its owner", arguments: portmap.filter { $0.verb == "DEL" })
  func deleted(call: RecordedCall) throws {
    let backend = RecordingBackend()
    _ = Self.answer(call, backend)
    let removed = try #require(backend.removed.first)
    #expect(removed.hint.attachment.containerID == call.environment["CNI_CONTAINERID"])
    #expect(removed.hint.attachment.interface == call.environment["CNI_IFNAME"])
    let ports = removed.ports.filter { $0.family == .ip }.map { port in
      "\(port.address?.description ?? "any") \(port.port) \(port.transport.rawValue)"
    }
    let expected = try Self.mappings(call).map { text in
      let words = text.split(separator: " ")
      return "\(words[0]) \(words[1]) \(words[3])"
    }
    #expect(ports == expected)
  }
}
