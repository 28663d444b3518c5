// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import JSON

/// What a `cnitool run` has made or is about to make, so that another cnitool can remove it when this one has been killed.
package struct RunRecord: Sendable {
  /// The name of the namespace that it has made; nil if it joined another one's.
  package let namespaceName: String?
  package let attachments: [PlannedAttachment]

  package init(namespaceName: String?, attachments: [PlannedAttachment]) {
    self.namespaceName = namespaceName
    self.attachments = attachments
  }

  /// Reads a record; nil if it was cut off, as of a process that was killed before it made anything. Throws if it is whole and of another
  /// form: what it names must not be forgotten.
  package init?(parsing text: [UInt8]) throws(ToolFailure) {
    guard let json = try? JSON(parsing: text) else { return nil }
    do {
      try self.init(Field(json))
    } catch {
      throw ToolFailure("the record cannot be read: \(error)")
    }
  }

  private init(_ field: Field) throws {
    namespaceName = try field["namespaceName"].string()
    attachments = try (field["attachments"].array() ?? []).map { try PlannedAttachment($0) }
  }

  package var text: [UInt8] {
    var object = JSONObject()
    if let namespaceName { object.append("namespaceName", .string(namespaceName)) }
    object.append("attachments", .array(attachments.map(\.json)))
    return JSON.object(object).text
  }
}

extension PlannedAttachment {
  fileprivate init(_ field: Field) throws {
    func text(_ member: String) throws -> [UInt8] { Array((try field[member].string() ?? "").utf8) }
    let network = try NetworkList(
      parsing: text("configuration"), beside: text("pluginsBeside"), path: try field["file"].string())
    var arguments: [Attachment.Argument] = []
    for pair in try field["arguments"].array() ?? [] {
      let words = try pair.strings() ?? []
      if words.count == 2 { arguments.append(Attachment.Argument(words[0], words[1])) }
    }
    self.init(
      network,
      Attachment(
        containerID: try field["containerID"].string() ?? "", namespace: try field["namespace"].string(),
        interface: try field["interface"].string() ?? "", arguments: arguments,
        capabilityArguments: try CapabilityArguments(json: field["capabilityArguments"].string() ?? "{}")))
    if let id = try field["process"].integer(in: 1...Int(Int32.max)),
      let start = try field["processStart"].integer(in: 0...Int.max)
    {
      process = StartedProcess(id: Int32(id), start: start)
    }
  }

  fileprivate var json: JSON {
    var object = JSONObject([
      "containerID": .string(attachment.containerID), "interface": .string(attachment.interface),
      "arguments": .array(attachment.arguments.map { .array([.string($0.name), .string($0.value)]) }),
      "capabilityArguments": .string(attachment.capabilityArguments.json),
      "configuration": .string(String(decoding: network.text, as: UTF8.self)),
    ])
    if let namespace = attachment.namespace { object.append("namespace", .string(namespace)) }
    if let path = network.path { object.append("file", .string(path)) }
    if !network.textBeside.isEmpty {
      object.append("pluginsBeside", .string(String(decoding: network.textBeside, as: UTF8.self)))
    }
    if let process {
      object.append("process", .integer(Int64(process.id)))
      object.append("processStart", .integer(Int64(process.start)))
    }
    return .object(object)
  }
}
