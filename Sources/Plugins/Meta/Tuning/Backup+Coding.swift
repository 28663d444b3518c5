// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

/// The form in which upstream's plugin keeps attributes of the interface, with more members.
extension Backup {
  /// Reads what a file holds; a member that is broken is as if it were missing.
  init(_ contents: JSONObject) {
    let field = Field(.object(contents))
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
  }

  /// What the file is to hold.
  var contents: JSONObject {
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
    return object
  }

  private static func number(_ field: Field) -> UInt32? {
    ((try? field.integer(in: 0...Int(UInt32.max))) ?? nil).map { UInt32($0) }
  }

  private static func text(_ field: Field) -> String? {
    guard case .string(let text)? = field.value else { return nil }
    return text
  }
}
