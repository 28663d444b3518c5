// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

/// The contents of a file of libcni's cache (`cniCacheV1`), in the order in which libcni writes them.
struct CacheFile {
  var network: String
  var attachment: Attachment
  /// The bytes of the network's configuration.
  var configuration: [UInt8]
  /// The result as it is in the file; nil if there is none.
  var result: JSON?

  static let kind = "cniCacheV1"

  /// The file of an attachment; without a result, of one that is being made.
  init(_ network: NetworkList, _ attachment: Attachment, _ result: AttachmentResult? = nil) {
    self.network = network.name
    self.attachment = attachment
    configuration = network.text
    self.result = result?.json
  }

  /// What the file holds: one line; empty members are left out.
  var text: [UInt8] {
    var members: [(String, JSON)] = [
      ("kind", .string(Self.kind)), ("containerId", .string(attachment.containerID)),
      ("config", .string(Base64.encode(configuration))), ("ifName", .string(attachment.interface)),
      ("networkName", .string(network)),
    ]
    if let namespace = attachment.namespace, !namespace.isEmpty { members.append(("netns", .string(namespace))) }
    if !attachment.arguments.isEmpty {
      let pairs = attachment.arguments.map { JSON.array([.string($0.name), .string($0.value)]) }
      members.append(("cniArgs", .array(pairs)))
    }
    if !attachment.capabilityArguments.isEmpty {
      members.append(("capabilityArgs", .object(attachment.capabilityArguments.object)))
    }
    if let result { members.append(("result", result)) }
    // Only what stands below is sorted.
    let parts = members.map { name, value in Array("\"\(name)\":".utf8) + value.goText() }
    return Array("{".utf8) + Array(parts.joined(separator: ",".utf8)) + Array("}".utf8)
  }

  /// Reads a file; nil if it is not of this kind, or if it does not name its attachment.
  init?(_ text: [UInt8]) {
    guard let json = try? JSON(parsing: text), case .object = json else { return nil }
    let document = Field(json)
    guard Self.string(document["kind"]) == Self.kind, let network = Self.string(document["networkName"]),
      let containerID = Self.string(document["containerId"]), let interface = Self.string(document["ifName"])
    else { return nil }
    self.network = network
    attachment = Attachment(
      containerID: containerID, namespace: Self.string(document["netns"]), interface: interface,
      arguments: Self.arguments(document["cniArgs"]))
    if case .object(let object)? = document["capabilityArgs"].value {
      attachment.capabilityArguments = CapabilityArguments(object)
    }
    configuration = Base64.decode(Self.string(document["config"]) ?? "") ?? []
    result = document["result"].value
  }

  private static func string(_ field: Field) -> String? { (try? field.string()) ?? nil }

  private static func arguments(_ field: Field) -> [Attachment.Argument] {
    let items = ((try? field.array()) ?? nil) ?? []
    return items.compactMap { item in
      guard let pair = ((try? item.strings()) ?? nil), pair.count == 2 else { return nil }
      return Attachment.Argument(pair[0], pair[1])
    }
  }
}
