// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Testing

@testable import CNIRuntime

/// The stdin that podman, containerd and buildah gave to plugins by libcni, made by this library.
@Suite struct RecordedInputTests {
  private static let calls = RecordedCall.all.filter { ["ADD", "DEL"].contains($0.verb) }

  @Test("the recordings are there")
  func all() { #expect(Self.calls.count > 50) }

  /// The same call, from the parts of its stdin.
  private func rebuilt(_ call: RecordedCall) throws -> [UInt8] {
    guard case .object(var object) = try JSON(parsing: Array(call.stdin.utf8)) else { return [] }
    let previous = try object["prevResult"].map { try AttachmentResult($0, implied: "").json }
    var attachment = Attachment(containerID: "c", namespace: nil)
    if case .object(let capabilities)? = object["runtimeConfig"] {
      attachment.capabilityArguments = CapabilityArguments(capabilities)
    }
    let names: JSONObject = JSONObject(["name": object["name"] ?? .null, "cniVersion": object["cniVersion"] ?? .null])
    for name in ["name", "cniVersion", "prevResult", "runtimeConfig"] { object[name] = nil }
    var list = names
    list.append("plugins", .array([.object(object)]))
    let network = try NetworkList(parsing: JSON.object(list).text)
    return PluginRequest(network.plugins[0], .add, of: network, for: attachment, previous: previous).input
  }

  @Test("it has the same members", arguments: calls)
  func members(call: RecordedCall) throws {
    // libcni 1.1 of these runtimes writes an empty `dns` in 1.0.0 too.
    func canonical(_ bytes: [UInt8]) throws -> JSON {
      guard case .object(var object) = try JSON(parsing: bytes).sorted else { return .null }
      object["prevResult"] = object["prevResult"]?.canonicalResult
      return .object(object)
    }
    #expect(try canonical(rebuilt(call)) == canonical(Array(call.stdin.utf8)))
  }

  // In 1.0.0 libcni sorts results since 1.2; podman's capability arguments are in the order of its own type.
  @Test(
    "it has the same bytes, where the newest libcni writes them in this order",
    arguments: calls.filter { isCurrent($0.stdin) })
  func bytes(call: RecordedCall) throws {
    #expect(text(try rebuilt(call)) == call.stdin)
  }

  private static func isCurrent(_ stdin: String) -> Bool {
    stdin.contains(#""cniVersion":"0.4.0""#) && !stdin.contains("runtimeConfig")
  }

  @Test("some of them have")
  func someAreCurrent() { #expect(Self.calls.count { Self.isCurrent($0.stdin) } > 20) }
}
