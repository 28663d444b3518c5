// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import OS

/// What an attachment's interface was like before it was tuned: the first value seen of each thing. It is kept in a
/// file of the form that upstream's plugin has, with more members.
struct Backup: Equatable, Sendable {
  var link = LinkAttributes()
  /// By the path below `/proc/sys`.
  var parameters: ParameterValues = [:]
  var features: [String: Bool] = [:]
  /// What CHECK needs to know of values that were set.
  var respelled: [RespelledValue] = []
  /// Whose it is; nil in upstream's files.
  var network: String?
  /// Nil in upstream's files, and in those of earlier versions.
  var attachment: AttachmentID?

  /// Keeps what is known and adds what is new.
  mutating func keep(first older: Backup) {
    let newer = self
    self = older
    network = older.network ?? newer.network
    attachment = older.attachment ?? newer.attachment
    link.fill(from: newer.link)
    parameters.fill(from: newer.parameters)
    features.merge(newer.features) { old, _ in old }
    // Of these the newest counts, as it is about the value that is set now.
    respelled.removeAll { old in newer.respelled.contains { $0.path == old.path } }
    respelled += newer.respelled
  }

  /// Reads a file; nil if it is broken, as then nothing can be put back.
  init?(parsing text: [UInt8]) {
    guard let json = try? JSON(parsing: text), case .object = json else { return nil }
    let field = Field(json)
    link.address = (try? field["mac"].string()).flatMap { $0 }.flatMap { MACAddress($0) }
    link.mtu = Self.number(field["mtu"]).flatMap { $0 == 0 ? nil : $0 }
    link.isPromiscuous = (try? field["promisc"].bool()) ?? nil
    link.receivesAllMulticast = (try? field["allmulti"].bool()) ?? nil
    link.transmitQueueLength = Self.number(field["txQLen"])
    link.alias = Self.text(field["linkAlias"])
    link.group = Self.number(field["group"])
    for member in (try? field["sysctl"].object())??.members ?? [] {
      if case .string(let value) = member.value { parameters[member.name] = value }
    }
    for member in (try? field["ethtool"].object())??.members ?? [] {
      if case .bool(let value) = member.value { features[member.name] = value }
    }
    for member in (try? field["respelled"].object())??.members ?? [] {
      let value = Field(member.value)
      if let asked = Self.text(value["asked"]), let told = Self.text(value["told"]) {
        respelled.append(RespelledValue(path: member.name, asked: asked, told: told))
      }
    }
    network = Self.text(field["network"])
    let owner = field["attachment"]
    if let id = Self.text(owner["containerID"]), let interface = Self.text(owner["interface"]) {
      attachment = AttachmentID(containerID: id, interface: interface)
    }
  }

  init() {}

  /// The file, in upstream's form.
  var json: JSON {
    var object = JSONObject()
    if let address = link.address { object.append("mac", .string("\(address)")) }
    if let value = link.isPromiscuous { object.append("promisc", .bool(value)) }
    if let mtu = link.mtu { object.append("mtu", .integer(Int64(mtu))) }
    if let value = link.receivesAllMulticast { object.append("allmulti", .bool(value)) }
    if let length = link.transmitQueueLength { object.append("txQLen", .integer(Int64(length))) }
    if let alias = link.alias { object.append("linkAlias", .string(alias)) }
    if let group = link.group { object.append("group", .integer(Int64(group))) }
    var values = JSONObject()
    for entry in parameters.entries { values.append(entry.path, .string(entry.value)) }
    if !parameters.isEmpty { object.append("sysctl", .object(values)) }
    var switches = JSONObject()
    for (key, value) in features.sorted(by: { $0.key < $1.key }) { switches.append(key, .bool(value)) }
    if !features.isEmpty { object.append("ethtool", .object(switches)) }
    var told = JSONObject()
    for value in respelled {
      told.append(value.path, .object(JSONObject(["asked": .string(value.asked), "told": .string(value.told)])))
    }
    if !respelled.isEmpty { object.append("respelled", .object(told)) }
    if let network { object.append("network", .string(network)) }
    if let attachment {
      let owner = JSONObject([
        "containerID": .string(attachment.containerID), "interface": .string(attachment.interface),
      ])
      object.append("attachment", .object(owner))
    }
    return .object(object)
  }

  private static func number(_ field: Field) -> UInt32? {
    ((try? field.integer(in: 0...Int(UInt32.max))) ?? nil).map { UInt32($0) }
  }

  private static func text(_ field: Field) -> String? {
    guard case .string(let text)? = field.value else { return nil }
    return text
  }
}

/// A value of a kernel parameter that the kernel tells otherwise than it was written: it rounds times to its clock's ticks, and has a
/// spelling of its own for addresses.
struct RespelledValue: Equatable, Sendable {
  /// Below `/proc/sys`.
  let path: String
  let asked: String
  let told: String
}

extension LinkAttributes {
  /// Takes what is missing here from the other.
  fileprivate mutating func fill(from other: LinkAttributes) {
    address = address ?? other.address
    mtu = mtu ?? other.mtu
    isPromiscuous = isPromiscuous ?? other.isPromiscuous
    receivesAllMulticast = receivesAllMulticast ?? other.receivesAllMulticast
    transmitQueueLength = transmitQueueLength ?? other.transmitQueueLength
    alias = alias ?? other.alias
    group = group ?? other.group
  }

  /// Those of these attributes that are asked for.
  func only(_ asked: LinkAttributes) -> LinkAttributes {
    var some = LinkAttributes()
    if asked.address != nil { some.address = address }
    if asked.mtu != nil { some.mtu = mtu }
    if asked.isPromiscuous != nil { some.isPromiscuous = isPromiscuous }
    if asked.receivesAllMulticast != nil { some.receivesAllMulticast = receivesAllMulticast }
    if asked.transmitQueueLength != nil { some.transmitQueueLength = transmitQueueLength }
    if asked.alias != nil { some.alias = alias }
    if asked.group != nil { some.group = group }
    return some
  }
}
