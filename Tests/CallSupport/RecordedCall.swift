// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// A recorded call of a real runtime, with the output of upstream's plugin.
package struct RecordedCall: Sendable, CustomStringConvertible {
  package let client: String
  package let plugin: String
  package let environment: [String: String]
  package let stdin: String
  package let upstreamOutput: String
  package let upstreamStatus: Int
  private let title: String

  package var verb: String { environment["CNI_COMMAND"] ?? "" }
  package var description: String { "\(client) \(title): \(plugin) \(verb)" }

  private init(_ line: Field) throws {
    func text(_ name: String) throws -> String { try line[name].string() ?? "" }
    client = try text("client")
    plugin = try text("plugin")
    title = try text("case")
    stdin = try text("stdin")
    upstreamOutput = try text("peerStdout")
    // -1 is not an exit status, so it matches none.
    upstreamStatus = try line["peerStatus"].integer(in: 0...255) ?? -1
    var environment: [String: String] = [:]
    for member in try line["env"].object()?.members ?? [] {
      environment[member.name] = try Field(member.value).string() ?? ""
    }
    self.environment = environment
  }

  /// All recorded calls; empty if they cannot be read, which a test of its own reports.
  package static let all: [RecordedCall] = (try? read()) ?? []

  private static func read() throws -> [RecordedCall] {
    // …/Tests/CallSupport/RecordedCall.swift
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let bytes = try FileDescriptor.open("/\(tests)/Fixtures/runtime-calls.jsonl").readAll()
    return try bytes.split(separator: 0x0a).map { try RecordedCall(Field(JSON(parsing: Array($0)))) }
  }
}

extension JSON {
  /// The same value with the members of objects sorted by name.
  package var sorted: JSON {
    switch self {
    case .array(let items): return .array(items.map(\.sorted))
    case .object(let object):
      var result = JSONObject()
      for member in object.members.sorted(by: { $0.name < $1.name }) { result.append(member.name, member.value.sorted) }
      return .object(result)
    default: return self
    }
  }

  /// A result for comparison: sorted, and without empty lists and an empty `dns`, which are optional.
  package var canonicalResult: JSON {
    guard case .object(var object) = sorted else { return self }
    for name in ["interfaces", "ips", "routes", "dns"] {
      if object[name] == .array([]) || object[name] == .object(JSONObject()) { object[name] = nil }
    }
    return .object(object)
  }
}
