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

  /// Reads a record; nil if it is incomplete, as of a process that was killed before it made anything.
  package init?(parsing text: [UInt8]) {
    do {
      try self.init(Field(JSON(parsing: text)))
    } catch {
      return nil
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
    let text = Array((try field["configuration"].string() ?? "").utf8)
    let path = try field["file"].string()
    // The file's list has also the plugins that stand in a folder beside it.
    let current = path.flatMap { try? NetworkList(file: $0) }
    let network = if let current, current.text == text { current } else { try NetworkList(parsing: text, path: path) }
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
    return .object(object)
  }
}
